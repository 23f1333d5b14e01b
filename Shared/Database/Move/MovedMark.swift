import ServiceRuntime

/// A file beside a SQLite database that was moved to a server: from then on the store lives there,
/// and what was begun here would be done twice.
public enum MovedMark {
    private static func path(_ location: String) -> String { location + "-moved" }

    static func stands(_ location: String) -> Bool { Files.exists(path(location)) }

    /// Throws where it stands, with what to do.
    public static func check(_ location: String) throws {
        guard stands(location) else { return }
        throw DatabaseError.schema(
            "\(location) was moved to a server (\(path(location)) says when and where): set"
                + " <SERVICE>_DATABASE. To go on with the file as it was then, remove that mark")
    }

    static func set(_ location: String, words: String) throws {
        try Files.writeDurably(Array((words + "\n").utf8), to: path(location))
    }
}
