// `environ` is a mutable global of C. It is read once, before the process has a second thread.
@preconcurrency import Glibc
import MemfunCore

/// The start of the process.
public enum Entry {
  /// Runs the command line of this process.
  ///
  /// - Parameter commit: the git revision of the binary, or "unknown".
  /// - Returns: the exit code.
  public static func main(commit: String) -> Int32 {
    keepStandardDescriptors()
    signal(SIGPIPE, SIG_IGN)
    let build = BuildInformation(commit: commit)
    let arguments = words()
    let output = DescriptorSink(descriptor: STDOUT_FILENO, name: "standard output")
    let environment = environment()
    let application = Application(
      root: CommandTree.root, build: build, environment: environment,
      terminal: .current(environment: environment), output: output,
      error: DescriptorSink(descriptor: STDERR_FILENO, name: "standard error"), time: SystemTimeSource(),
      random: SystemRandomSource())
    let job = application.prepare(arguments)
    if let answer = job.answer { return application.reply(answer, to: job).rawValue }
    return SignalWait.run { interruption in
      await application.run(job, interruption: interruption).rawValue
    }
  }

  /// A standard stream that is closed would give its number to the next file that is opened, and
  /// output would go into that file. A descriptor that cannot be written takes the place instead, so
  /// that writing fails as it should.
  private static func keepStandardDescriptors() {
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }

  /// The words after the program's name, byte for byte.
  private static func words() -> [[UInt8]] {
    UnsafeBufferPointer(start: CommandLine.unsafeArgv, count: Int(CommandLine.argc)).dropFirst().compactMap {
      $0.map { word in [UInt8](UnsafeRawBufferPointer(start: word, count: strlen(word))) }
    }
  }

  /// The environment. Variables that are not valid UTF-8 are left out: none of ours can be.
  private static func environment() -> [String: String] {
    var variables: [String: String] = [:]
    var entry = environ
    while let assignment = entry.pointee {
      if let text = String(validatingCString: assignment), let equals = text.firstIndex(of: "=") {
        variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
      }
      entry += 1
    }
    return variables
  }
}
