--- For nvim-lspconfig as it is used before Neovim 0.11:
---
---   require('moltler.lspconfig')
---   require('lspconfig').moltler.setup({})
local configs = require('lspconfig.configs')
local util = require('lspconfig.util')
local server = require('moltler.config').server()

if not configs.moltler then
  configs.moltler = {
    default_config = {
      cmd = server.cmd,
      filetypes = server.filetypes,
      root_dir = util.root_pattern(unpack(server.root_markers)),
      single_file_support = true,
      init_options = server.init_options,
    },
  }
end
