import Glibc

/// A file descriptor with one owner: it is closed exactly once, when the owner goes away.
package struct OwnedDescriptor: ~Copyable, Sendable {
  /// The number, for system calls; -1 when nothing is owned. It must not outlive the owner.
  package let number: Int32

  /// Takes over an open descriptor; -1 owns nothing.
  package init(_ number: Int32) { self.number = number }

  /// Owns nothing. Assigned over another value, it closes that one.
  package static var none: OwnedDescriptor { OwnedDescriptor(-1) }

  /// Whether a descriptor is owned.
  package var isOpen: Bool { number >= 0 }

  // A failing close cannot be mended here: Linux frees the number in every case, and writers that
  // care about lost data call fsync before.
  deinit { if number >= 0 { _ = close(number) } }
}
