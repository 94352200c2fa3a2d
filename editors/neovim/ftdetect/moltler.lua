vim.filetype.add({ extension = { molt = 'moltler' } })
