/// A file in a data folder that keeps a restored copy from the world, as `INTEGRATIONS=off` does:
/// no mail, job or synchronization leaves it until somebody releases it.
public enum Disarmament {
    private static let name = "disarmed"

    /// Read when a service starts.
    public static func holds(_ data: String) -> Bool { Files.exists("\(data)/\(name)") }

    /// `reason` is for whoever finds the file.
    public static func set(_ data: String, reason: String) throws {
        try Files.writeDurably(Array((reason + "\n").utf8), to: "\(data)/\(name)")
    }

    /// Answers whether there was anything to release.
    public static func release(_ data: String) throws -> Bool {
        guard holds(data) else { return false }
        try Files.remove("\(data)/\(name)")
        return true
    }
}
