-- The language server and the command :Moltler. `vim.g.moltler_no_lsp = true` leaves the server to the user.
if vim.g.loaded_moltler then
  return
end
vim.g.loaded_moltler = true

-- Without this, a Neovim that was started with --clean and this folder in 'runtimepath' would not know the type.
vim.filetype.add({ extension = { molt = 'moltler' } })

vim.api.nvim_create_user_command('Moltler', function(command)
  require('moltler').command(command)
end, {
  nargs = '+',
  range = true,
  desc = 'Check, test, run, explain',
  complete = function(lead, line)
    return require('moltler').complete(lead, line)
  end,
})

-- What lenses ask for.
local lenses = {
  ['moltler.runFile'] = function(uri)
    require('moltler').run_file(vim.uri_to_fname(uri))
  end,
  ['moltler.runQuery'] = function(uri, text)
    require('moltler').query(vim.uri_to_fname(uri), text)
  end,
  ['moltler.explain'] = function(uri, text)
    require('moltler').explain(vim.uri_to_fname(uri), text)
  end,
  ['moltler.runTest'] = function(uri, name)
    require('moltler').test(vim.uri_to_fname(uri), name)
  end,
}
-- The name that older servers use.
lenses['moltler.explainQuery'] = lenses['moltler.explain']
for name, run in pairs(lenses) do
  vim.lsp.commands[name] = function(command)
    run(unpack(command.arguments))
  end
end

if vim.g.moltler_no_lsp then
  return
end
if vim.lsp.enable then
  vim.lsp.enable('moltler')
else
  -- Before Neovim 0.11. Who uses nvim-lspconfig sets moltler_no_lsp and requires moltler.lspconfig.
  vim.api.nvim_create_autocmd('FileType', {
    pattern = 'moltler',
    group = vim.api.nvim_create_augroup('moltler', {}),
    callback = function(event)
      local server = require('moltler.config').server()
      if vim.fn.executable(server.cmd[1]) == 0 then
        return
      end
      local file = vim.api.nvim_buf_get_name(event.buf)
      local marker = vim.fs.find(server.root_markers, { upward = true, path = vim.fs.dirname(file) })[1]
      vim.lsp.start({
        name = 'moltler',
        cmd = server.cmd,
        root_dir = marker and vim.fs.dirname(marker) or vim.fs.dirname(file),
        init_options = server.init_options,
      }, { bufnr = event.buf })
    end,
  })
end
