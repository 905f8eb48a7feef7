import Glibc
import MemfunCLI

exit(placeholder())
