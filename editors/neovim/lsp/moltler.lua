-- The language server, for `vim.lsp.enable('moltler')` of Neovim 0.11 and newer.
return require('moltler.config').server()
