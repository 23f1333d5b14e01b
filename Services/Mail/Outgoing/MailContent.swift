import Database

/// The bytes of a mail as they are kept: in pieces, so that a large one is never whole in memory.
struct MailContent: Sendable {
    /// The most bytes of a piece.
    static let pieceBytes = 256 << 10

    /// Of all pieces.
    var size: Int
    /// The first piece.
    var first: [UInt8]
    var pieces: Int
    /// Reads a further piece, counted from 0.
    let read: @Sendable (Int) async throws -> [UInt8]

    /// A mail that is whole in memory.
    init(whole bytes: [UInt8]) {
        size = bytes.count
        first = bytes
        pieces = 1
        read = { _ in [] }
    }

    init(
        size: Int, first: [UInt8], pieces: Int,
        read: @escaping @Sendable (Int) async throws -> [UInt8]
    ) {
        self.size = size
        self.first = first
        self.pieces = pieces
        self.read = read
    }

    func piece(_ number: Int) async throws -> [UInt8] {
        number == 0 ? first : try await read(number)
    }
}

/// Where the pieces are kept.
struct MailPieces: Sendable {
    func insert(_ connection: Connection, _ mail: Int64, _ number: Int, _ bytes: [UInt8]) throws {
        try connection.run(
            "insert into mail_piece (mail, number, bytes) values (?, ?, ?)",
            [.integer(mail), .integer(Int64(number)), .blob(bytes)])
    }

    func piece(_ connection: Connection, _ mail: Int64, _ number: Int) throws -> [UInt8]? {
        try connection.first(
            "select bytes from mail_piece where mail = ? and number = ?",
            [.integer(mail), .integer(Int64(number))]
        ) { $0.blob(0) }
    }

    func count(_ connection: Connection, _ mail: Int64) throws -> Int {
        Int(
            try connection.count(
                "select count(*) from mail_piece where mail = ?", [.integer(mail)]))
    }

    func remove(_ connection: Connection, _ mail: Int64) throws {
        try connection.run("delete from mail_piece where mail = ?", [.integer(mail)])
    }

    /// The content of a mail; nil where its bytes are gone. Further pieces are read when asked for.
    func content(_ connection: Connection, _ mail: Int64, size: Int, from database: Database)
        throws -> MailContent?
    {
        guard let first = try piece(connection, mail, 0) else { return nil }
        let count = first.count == size ? 1 : try self.count(connection, mail)
        return MailContent(size: size, first: first, pieces: count) { number in
            // A piece that is gone must not pass for the end of the mail.
            guard let piece = try await database.read({ try self.piece($0, mail, number) }) else {
                throw MailError.cannot("The bytes of this mail are gone.")
            }
            return piece
        }
    }
}
