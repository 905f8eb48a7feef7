import MemfunCLI
import Glibc
exit(placeholder())
