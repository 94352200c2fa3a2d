vim.bo.commentstring = '-- %s'
vim.bo.comments = 's1:/*,mb:*,ex:*/,:--'
vim.bo.suffixesadd = '.molt'
vim.bo.expandtab = true
vim.bo.shiftwidth = 4
vim.bo.softtabstop = 4
vim.bo.iskeyword = '@,48-57,_,192-255'
vim.bo.formatoptions = vim.bo.formatoptions:gsub('t', '')

-- Colours by tree-sitter where its parser is built (:Moltler parser); else those of the language server.
local has_parser = pcall(vim.treesitter.start)
if has_parser then
  vim.wo[0][0].foldmethod = 'expr'
  vim.wo[0][0].foldexpr = 'v:lua.vim.treesitter.foldexpr()'
  vim.wo[0][0].foldlevel = 99
end

-- A new line begins where the text around it says.
vim.bo.indentexpr = "v:lua.require'moltler.indent'.indent(v:lnum)"
vim.bo.indentkeys = '0{,0},0),0],!^F,o,O,0=~END,0=~ELSE,0=~ELSEIF,0=~CATCH,0=~FINALLY'

vim.b.undo_ftplugin = 'setlocal commentstring< comments< suffixesadd< expandtab< shiftwidth< softtabstop< iskeyword< '
  .. 'formatoptions< indentexpr< indentkeys< foldmethod< foldexpr< foldlevel< | lua vim.treesitter.stop()'
