// simulate SEEDS [FIRST] [MUTANT]: runs the simulation for SEEDS seeds from FIRST on. For each seed that
// breaks a promise it prints the seed, the revision and the end of the trace. Exit status 1 when one did.
import Glibc
import MemfunSimulation

let arguments = CommandLine.arguments.dropFirst()
let revision = getenv("MEMFUN_COMMIT").map { String(cString: $0) } ?? "unknown"

func usage() -> Never {
  let names = Mutant.allCases.map { "  \($0.rawValue)\n" }.joined()
  let text = Array("usage: simulate SEEDS [FIRST] [MUTANT]\nmutants:\n\(names)".utf8)
  // Nobody is left to tell when standard error is closed.
  _ = write(STDERR_FILENO, text, text.count)
  exit(2)
}

guard (1...3).contains(arguments.count), let count = arguments.first.flatMap({ UInt64($0) }),
  let first = arguments.count > 1 ? UInt64(arguments[2]) : 1
else { usage() }
var mutants: Set<Mutant> = []
if arguments.count > 2 {
  guard let mutant = Mutant(rawValue: arguments[3]) else { usage() }
  mutants = [mutant]
}

var failures = 0
var combined: UInt64 = 0
var commands = 0
for seed in first..<first + count {
  let report = Simulation(seed: seed, mutants: mutants).run()
  combined = (combined ^ report.traceHash) &* 0x100_0000_01B3
  commands += report.commands
  for key in report.undecided { print("seed \(seed): the history of \(key) was too hard to decide") }
  guard !report.violations.isEmpty else { continue }
  failures += 1
  print("seed \(seed) at revision \(revision) broke a promise; the end of its trace:")
  for line in Simulation(seed: seed, mutants: mutants, traceLines: 60).run().trace { print("  \(line)") }
}
print(
  "\(count) seeds from \(first), \(commands) commands, \(failures) failed, trace hash \(String(combined, radix: 16))"
)
exit(failures == 0 ? 0 : 1)
