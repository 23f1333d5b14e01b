import Synchronization
import TestSupport

/// A door that somebody waits at until it is opened.
final class Gate: Sendable {
    private let waited = Shared(false)
    private let opened = Shared(false)

    var isWaited: Bool { waited.value }

    func wait() async throws {
        waited.value = true
        try await eventually("a gate to open", within: .seconds(60)) { opened.value }
    }

    func open() { opened.value = true }
}

/// A value that several tasks look at.
final class Shared<Value: Sendable>: Sendable {
    private let state: Mutex<Value>
    init(_ value: Value) { state = Mutex(value) }
    var value: Value {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
