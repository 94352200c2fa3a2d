--- Where the programs are, and how the language server is started.
local M = {}

local options = { server = nil, command = nil, environment = {} }

--- Sets what differs from the defaults.
--- @param given { server?: string, command?: string, environment?: table<string, string> }
---   `server` and `command` name moltler-lsp and moltlerc; `environment` is for programs, queries and tests.
function M.setup(given)
  options = vim.tbl_extend('force', options, given or {})
end

--- The program of this name: as it was set, in PATH, or in ~/.cargo/bin; nil when there is none.
local function find(name, set)
  if set then
    return vim.fn.executable(set) == 1 and set or nil
  end
  local cargo = vim.fs.normalize('~/.cargo/bin/' .. name)
  for _, candidate in ipairs({ name, cargo }) do
    local path = vim.fn.exepath(candidate)
    if path ~= '' then
      return path
    end
  end
end

--- moltler-lsp.
function M.server_path()
  return find('moltler-lsp', options.server)
end

--- moltlerc.
function M.command_path()
  return find('moltlerc', options.command)
end

--- Variables for programs.
function M.environment()
  return options.environment
end

--- What `vim.lsp.config` takes.
function M.server()
  return {
    cmd = { M.server_path() or 'moltler-lsp' },
    filetypes = { 'moltler' },
    root_markers = { 'moltler.toml', '.git' },
    init_options = {
      commands = { 'moltler.runFile', 'moltler.runQuery', 'moltler.explain', 'moltler.runTest' },
    },
  }
end

return M
