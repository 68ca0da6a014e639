package api

// The cursor of the list of spaces, for its fuzz test.
var (
	ReadCursor  = readCursor
	WriteCursor = writeCursor
)
