--- :checkhealth moltler
local M = {}

local function version(program)
  local outcome = vim.system({ program, '--version' }, { text = true }):wait(5000)
  return outcome.code == 0 and vim.trim(outcome.stdout) or nil
end

function M.check()
  local config = require('moltler.config')
  local health = vim.health
  health.start('Moltler')

  if vim.fn.has('nvim-0.10') == 1 then
    health.ok('Neovim ' .. tostring(vim.version()))
  else
    health.error('Neovim is older than 0.10')
  end

  local server = config.server_path()
  if server then
    health.ok('moltler-lsp: ' .. server)
  else
    health.error('moltler-lsp was not found in PATH or ~/.cargo/bin', {
      'cargo install --path lsp',
      "or name it: require('moltler').setup({ server = '/path/to/moltler-lsp' })",
    })
  end

  local command = config.command_path()
  if command then
    health.ok('moltlerc: ' .. (version(command) or 'does not answer') .. ', ' .. command)
  else
    health.warn('moltlerc was not found: :Moltler can neither check, test nor run', {
      'cargo install --path compiler/driver',
      "or name it: require('moltler').setup({ command = '/path/to/moltlerc' })",
    })
  end

  -- Before Neovim 0.11 this raises where there is none, later it answers nil.
  local is_answer, is_known = pcall(vim.treesitter.language.add, 'moltler')
  local has_parser = is_answer and is_known ~= nil or (is_answer and vim.fn.has('nvim-0.11') == 0)
  if has_parser then
    health.ok('tree-sitter parser')
  else
    health.warn('there is no tree-sitter parser: colours come from the language server alone', { ':Moltler parser' })
  end
  for _, name in ipairs({ 'highlights', 'injections', 'folds', 'locals' }) do
    local files = vim.treesitter.query.get_files('moltler', name)
    if #files == 0 then
      health.warn('no query named ' .. name)
    elseif has_parser then
      local is_sound, problem = pcall(vim.treesitter.query.get, 'moltler', name)
      if is_sound then
        health.ok('query ' .. name)
      else
        health.error('query ' .. name .. ' does not fit the parser: ' .. tostring(problem), { ':Moltler parser' })
      end
    end
  end
  for _, language in ipairs({ 'javascript', 'typescript', 'markdown' }) do
    if #vim.api.nvim_get_runtime_file('parser/' .. language .. '.*', false) > 0 then
      health.ok('parser for embedded ' .. language)
    else
      health.info('no parser for ' .. language .. ': the language server colours it, if at all')
    end
  end

  local clients = (vim.lsp.get_clients or vim.lsp.get_active_clients)({ name = 'moltler' })
  if #clients > 0 then
    health.ok(('the language server runs for %d client(s)'):format(#clients))
  else
    health.info('the language server is not running: it starts with the first .molt file')
  end
end

return M
