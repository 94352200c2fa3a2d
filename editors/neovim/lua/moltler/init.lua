--- What :Moltler does. Programs run in the background; tests and checks end in the quickfix list.
local config = require('moltler.config')
local M = { setup = config.setup }

local function tell(text, level)
  vim.notify('moltler: ' .. text, level or vim.log.levels.INFO)
end

--- Runs moltlerc and calls `done` with its outcome, in the main loop.
local function moltlerc(arguments, folder, done)
  local program = config.command_path()
  if not program then
    tell('moltlerc was not found; :checkhealth moltler tells where it was looked for', vim.log.levels.ERROR)
    return
  end
  local command = vim.list_extend({ program }, arguments)
  local environment = vim.tbl_extend('force', { NO_COLOR = '1' }, config.environment())
  vim.system(command, { cwd = folder, env = environment, text = true }, vim.schedule_wrap(done))
end

--- The folder of a file.
local function folder_of(file)
  return vim.fs.dirname(vim.fs.normalize(file))
end

--- The folder of the package: the nearest one with moltler.toml, else that of the file.
local function root_of(file)
  local found = vim.fs.find('moltler.toml', { upward = true, path = folder_of(file) })[1]
  return found and vim.fs.dirname(found) or folder_of(file)
end

--- The file of this window, as it is on the disk after saving.
local function saved()
  local file = vim.api.nvim_buf_get_name(0)
  if file == '' then
    tell('save the file first: programs run from a disk', vim.log.levels.ERROR)
    return nil
  end
  vim.cmd('silent update')
  return file
end

--- Lines in a window below, which `q` closes.
local function show(title, text, filetype)
  local name = 'moltler://' .. title
  local buffer = vim.fn.bufnr(name)
  if buffer == -1 then
    buffer = vim.api.nvim_create_buf(false, true)
    vim.api.nvim_buf_set_name(buffer, name)
    vim.bo[buffer].bufhidden = 'hide'
    vim.keymap.set('n', 'q', '<cmd>close<cr>', { buffer = buffer, desc = 'Close' })
  end
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, vim.split(vim.trim(text), '\n'))
  vim.bo[buffer].modifiable = false
  if filetype then
    vim.bo[buffer].filetype = filetype
  end
  if vim.fn.bufwinid(buffer) == -1 then
    local window = vim.api.nvim_get_current_win()
    vim.cmd('botright 12split')
    vim.api.nvim_win_set_buf(0, buffer)
    vim.wo.wrap = false
    vim.api.nvim_set_current_win(window)
  end
end

--- A list of problems; its window opens when there are any.
local function quickfix(title, items)
  vim.fn.setqflist({}, ' ', { title = title, items = items })
  if #items > 0 then
    vim.cmd('botright copen | wincmd p')
  else
    vim.cmd('cclose')
  end
end

--- Each line of a text that is a JSON object.
local function objects(text)
  local found = {}
  for line in vim.gsplit(text or '', '\n', { plain = true, trimempty = true }) do
    local is_json, value = pcall(vim.json.decode, line, { luanil = { object = true, array = true } })
    if is_json and type(value) == 'table' then
      found[#found + 1] = value
    end
  end
  return found
end

--- Checks the package of a file.
function M.check(file)
  local root = root_of(file)
  moltlerc({ 'check', '--format', 'json', root }, root, function(outcome)
    local items = {}
    for _, found in ipairs(objects(outcome.stdout)) do
      items[#items + 1] = {
        filename = vim.fs.normalize(found.file:sub(1, 1) == '/' and found.file or root .. '/' .. found.file),
        lnum = found.line,
        col = found.column,
        end_lnum = found.end_line,
        end_col = found.end_column,
        type = ({ error = 'E', warning = 'W' })[found.severity] or 'N',
        text = found.message .. ' [' .. found.code .. ']',
      }
    end
    quickfix('moltlerc check', items)
    tell(#items == 0 and outcome.code == 0 and 'nothing is wrong' or vim.trim(outcome.stderr))
  end)
end

--- What failed, as an entry of the quickfix list.
local function failure(found, root)
  local place = found.error and found.error.path and found.error or found
  local path = place.path or (root .. '/' .. found.file)
  local text = found.test .. ': ' .. (found.message or found.reason or 'failed')
  if found.error and found.error.expected ~= nil then
    text = text .. ' (expected ' .. vim.json.encode(found.error.expected) .. ', got ' .. vim.json.encode(found.error.actual) .. ')'
  end
  return {
    filename = vim.fs.normalize(path),
    lnum = place.line,
    col = place.column or 1,
    type = 'E',
    text = (text:gsub('%s*\n%s*', ' ')),
  }
end

--- Runs the tests of a file or folder, or the one with a name.
function M.test(path, name)
  local root = root_of(path)
  local arguments = { 'test', '--format', 'json', path }
  if name then
    vim.list_extend(arguments, { '--filter', name, '--exact' })
  end
  moltlerc(arguments, root, function(outcome)
    local items, sums = {}, nil
    for _, found in ipairs(objects(outcome.stdout)) do
      if found.result == 'failed' then
        items[#items + 1] = failure(found, root)
      elseif found.passed then
        sums = found
      end
    end
    quickfix('moltlerc test', items)
    if sums then
      local text = ('%d passed, %d failed, %d skipped'):format(sums.passed, sums.failed, sums.skipped)
      tell(text, sums.failed > 0 and vim.log.levels.ERROR or vim.log.levels.INFO)
    else
      tell(vim.trim(outcome.stderr), vim.log.levels.ERROR)
    end
  end)
end

local function show_results(title)
  return function(outcome)
    show(title, outcome.stdout .. (outcome.code == 0 and '' or outcome.stderr))
    if outcome.code ~= 0 then
      tell(title .. ' failed', vim.log.levels.ERROR)
    end
  end
end

--- Runs a program.
function M.run_file(file)
  moltlerc({ 'run', file }, folder_of(file), show_results('result'))
end

--- Runs statements with the connectors of a file's package.
function M.query(file, text)
  local folder = folder_of(file)
  moltlerc({ 'query', '--project', folder, text }, folder, show_results('result'))
end

--- Says how a query would be carried out.
function M.explain(file, text)
  local folder = folder_of(file)
  moltlerc({ 'explain', '--project', folder, text }, folder, show_results('plan'))
end

--- Calls `done` with the statement at the cursor, as the language server tells it.
local function statement(done)
  local client = (vim.lsp.get_clients or vim.lsp.get_active_clients)({ name = 'moltler', bufnr = 0 })[1]
  if not client then
    tell('the language server is not running', vim.log.levels.ERROR)
    return
  end
  local position = vim.lsp.util.make_position_params(0, client.offset_encoding)
  vim.lsp.buf_request(0, 'moltler/statement', position, function(error, found)
    if error or not found then
      tell('there is no statement at the cursor', vim.log.levels.ERROR)
    else
      done(found)
    end
  end)
end

--- Compiles the parser for tree-sitter from the grammar beside this plugin.
function M.parser()
  local here = debug.getinfo(1, 'S').source:sub(2)
  local grammar = vim.fs.normalize(vim.fn.fnamemodify(here, ':p:h') .. '/../../../../tree-sitter-moltler')
  local source = grammar .. '/src'
  if vim.fn.filereadable(source .. '/parser.c') == 0 then
    tell('no grammar in ' .. grammar .. ': use a clone of the whole repository', vim.log.levels.ERROR)
    return
  end
  local folder = vim.fn.stdpath('data') .. '/site/parser'
  vim.fn.mkdir(folder, 'p')
  local library = folder .. '/moltler.so'
  local compiler = vim.env.CC or 'cc'
  local command = {
    compiler, '-shared', '-fPIC', '-O2', '-std=c11', '-I', source, '-o', library, source .. '/parser.c', source .. '/scanner.c',
  }
  if vim.fn.executable(compiler) == 0 then
    tell(compiler .. ' was not found: a C compiler is needed', vim.log.levels.ERROR)
    return
  end
  tell('compiling the parser…')
  vim.system(command, { text = true }, vim.schedule_wrap(function(outcome)
    if outcome.code ~= 0 then
      tell('the parser does not compile:\n' .. outcome.stderr, vim.log.levels.ERROR)
      return
    end
    -- By its path: a folder that was not there when Neovim started is not searched.
    local is_sound, problem = pcall(vim.treesitter.language.add, 'moltler', { path = library })
    if not is_sound then
      tell('the parser does not load: ' .. tostring(problem), vim.log.levels.ERROR)
      return
    end
    tell('the parser is in ' .. library)
    for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
      if vim.bo[buffer].filetype == 'moltler' then
        pcall(vim.treesitter.start, buffer, 'moltler')
      end
    end
  end))
end

--- Makes a connector in a folder of the current one and opens it.
local function new(name)
  if not name then
    tell('say how it is called: :Moltler new NAME', vim.log.levels.ERROR)
    return
  end
  moltlerc({ 'new', name }, vim.fn.getcwd(), function(outcome)
    if outcome.code == 0 then
      vim.cmd.edit(vim.fn.fnameescape(name .. '/' .. name .. '.molt'))
    else
      tell(vim.trim(outcome.stderr), vim.log.levels.ERROR)
    end
  end)
end

--- By name; each gets the command's arguments behind the name, and the lines that were selected.
local commands = {
  check = function()
    M.check(saved() or vim.fn.getcwd())
  end,
  test = function(arguments)
    local file = saved()
    if file then
      M.test(arguments[1] and vim.fn.fnamemodify(arguments[1], ':p') or root_of(file))
    end
  end,
  ['test-file'] = function()
    local file = saved()
    if file then
      M.test(file)
    end
  end,
  ['test-at-cursor'] = function()
    local file = saved()
    if file then
      statement(function(found)
        if found.kind == 'test' then
          M.test(file, found.name)
        else
          tell('there is no TEST at the cursor', vim.log.levels.ERROR)
        end
      end)
    end
  end,
  run = function()
    local file = saved()
    if file then
      M.run_file(file)
    end
  end,
  ['run-at-cursor'] = function(_, lines)
    local file = saved()
    if file and lines then
      M.query(file, lines)
    elseif file then
      statement(function(found)
        if found.kind == 'test' then
          M.test(file, found.name)
        elseif found.kind == 'definition' then
          tell('this is a definition: there is nothing to run', vim.log.levels.ERROR)
        else
          M.query(file, found.text)
        end
      end)
    end
  end,
  explain = function(_, lines)
    local file = saved()
    if file and lines then
      M.explain(file, lines)
    elseif file then
      statement(function(found)
        M.explain(file, found.text)
      end)
    end
  end,
  build = function()
    local file = saved()
    if file then
      moltlerc({ 'build', file }, folder_of(file), function(outcome)
        local text = outcome.code == 0 and 'built ' .. vim.fn.fnamemodify(file, ':r') or vim.trim(outcome.stderr)
        tell(text, outcome.code == 0 and vim.log.levels.INFO or vim.log.levels.ERROR)
      end)
    end
  end,
  new = function(arguments)
    new(arguments[1])
  end,
  parser = function()
    M.parser()
  end,
}

--- :Moltler
function M.command(command)
  local name = command.fargs[1]
  local run = commands[name]
  if not run then
    tell('there is no :Moltler ' .. name, vim.log.levels.ERROR)
    return
  end
  local lines
  if command.range > 0 then
    lines = table.concat(vim.api.nvim_buf_get_lines(0, command.line1 - 1, command.line2, false), '\n')
  end
  run(vim.list_slice(command.fargs, 2), lines)
end

--- Names of commands that begin with `lead`.
function M.complete(lead, line)
  if line:match('^%S*%s+%S+%s') then
    return vim.fn.getcompletion(lead, 'file')
  end
  local names = vim.tbl_filter(function(name)
    return vim.startswith(name, lead)
  end, vim.tbl_keys(commands))
  table.sort(names)
  return names
end

return M
