import ServiceRuntime
import Synchronization

// A service without work, whose way of ending is a setting: what a test does with a real process.

/// Ends when it is asked to (`willing`), when it is cancelled (`deaf`), never (`stubborn`), or
/// fails.
final class Toy: Service {
    let name = "toy"
    private let way: String
    private let runtime: Runtime
    private let (ends, send) = AsyncStream.makeStream(of: Void.self)

    init(way: String, runtime: Runtime) async throws {
        self.way = way
        self.runtime = runtime
    }

    func run() async throws {
        runtime.log.info("running")
        switch way {
        case "failing": throw CannotGoOn()
        case "stubborn": while true { try? await runtime.clock.sleep(for: .seconds(3600)) }
        case "deaf": try await runtime.clock.sleep(for: .seconds(3600))
        default: for await _ in ends {}
        }
    }

    func shutdown() async {
        runtime.log.info("asked to end")
        send.finish()
    }

    struct CannotGoOn: Error {}
}

ServiceProcess.main("toy") { reader in
    _ = reader.integer("TOY_SIZE", default: 1, in: 1...9, help: "a size")
    return reader.choice(
        "TOY_WAY", default: "willing", of: ["willing", "deaf", "stubborn", "failing"],
        help: "how it ends")
} start: { way, runtime in
    try await Toy(way: way, runtime: runtime)
}
