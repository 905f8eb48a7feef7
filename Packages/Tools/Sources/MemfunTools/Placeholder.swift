import MemfunCore
