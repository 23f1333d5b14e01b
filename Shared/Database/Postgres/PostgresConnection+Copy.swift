#if PostgreSQL
    import CPostgres
    import Crypto
    import Glibc
    import ServiceRuntime

    // Rows in bulk: COPY, in its text format.
    extension PostgresConnection {
        /// Bytes of rows that are gathered before they are sent.
        private static let pieceBytes = 64 << 10

        /// Sends what `body` adds to a statement `copy … from stdin`; answers the number of rows.
        func copy(
            into table: String, _ sql: String, _ body: (CopyRows) throws -> Void
        ) throws -> Int {
            guard PQsendQuery(link, sql) == 1 else { throw lost() }
            guard let first = try next() else { throw lost() }
            let isOpen = PQresultStatus(first) == PGRES_COPY_IN
            let refusal = isOpen ? nil : copyError(of: first, table)
            PQclear(first)
            guard isOpen else {
                _ = try finish()
                throw refusal?.thrown ?? DatabaseError(lost())
            }
            // So that a server that takes nothing is noticed.
            PQsetnonblocking(link, 1)
            defer { PQsetnonblocking(link, 0) }
            do {
                var text = CopyText()
                text.bytes.reserveCapacity(2 * PostgresConnection.pieceBytes)
                try body(
                    CopyRows { values in
                        text.append(values)
                        guard text.bytes.count >= PostgresConnection.pieceBytes else { return }
                        try self.put(text.bytes)
                        text.bytes.removeAll(keepingCapacity: true)
                    })
                if !text.bytes.isEmpty { try put(text.bytes) }
            } catch {
                if isAlive { _ = try? endCopy(table, "it was given up") }
                throw error
            }
            return try endCopy(table, nil)
        }

        private func put(_ bytes: [UInt8]) throws {
            while true {
                let taken = bytes.withUnsafeBytes { raw in
                    PQputCopyData(
                        link, raw.baseAddress?.assumingMemoryBound(to: CChar.self),
                        Int32(raw.count))
                }
                guard taken >= 0 else { throw lost() }
                try drain()
                if taken == 1 { return }
            }
        }

        /// Waits until all of it is with the system, so that nothing gathers here.
        private func drain() throws {
            let end =
                SystemClock().monotonicNanoseconds()
                + PostgresConnection.silenceLimit.nanoseconds
            while true {
                let left = PQflush(link)
                guard left >= 0 else { throw lost() }
                if left == 0 { return }
                try wait(for: POLLIN | POLLOUT, until: end, "it takes nothing for too long")
                guard PQconsumeInput(link) == 1 else { throw lost() }
            }
        }

        private func endCopy(_ table: String, _ complaint: String?) throws -> Int {
            while true {
                let taken =
                    complaint?.withCString { PQputCopyEnd(link, $0) } ?? PQputCopyEnd(link, nil)
                guard taken >= 0 else { throw lost() }
                try drain()
                if taken == 1 { break }
            }
            var (count, fault): (Int, CopyError?) = (0, nil)
            while let result = try next() {
                defer { PQclear(result) }
                if let error = copyError(of: result, table) {
                    fault = fault ?? error
                } else {
                    count = Int(String(cString: PQcmdTuples(result))) ?? count
                }
            }
            if let fault { throw fault.thrown }
            return count
        }

        /// What a result says of a store's statement; nil where it is none of an error.
        func storeError(of result: OpaquePointer) -> DatabaseError? {
            switch PQresultStatus(result) {
            case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE, PGRES_PIPELINE_ABORTED: break
            case PGRES_EMPTY_QUERY:
                return .failed(code: 1, message: "the statement is empty", sql: "")
            default: return nil
            }
            // A plan from before a change of its table: it is made anew the next time.
            if PostgresError.field("R", of: result) == "RevalidateCachedQuery" {
                typed.removeAll()
                return .busy
            }
            return DatabaseError(result: result, lost: lost().message)
        }

        /// The server says `COPY t, line 7, column n: "x"`; the value stays out.
        private func copyError(of result: OpaquePointer, _ table: String) -> CopyError? {
            guard let cause = storeError(of: result) else { return nil }
            var error = CopyError(table: table, cause: cause)
            guard let place = PostgresError.field("W", of: result) else { return error }
            if let start = place.lastRange(of: ", line ")?.upperBound {
                error.row = Int(place[start...].prefix { $0.isNumber })
                let rest = place[start...].drop { $0.isNumber }
                if rest.hasPrefix(", column ") {
                    error.column = String(rest.dropFirst(9).prefix { $0 != ":" })
                }
            }
            return error
        }
    }

    extension String {
        fileprivate func lastRange(of part: String) -> Range<String.Index>? {
            ranges(of: part).last
        }
    }

    /// Rows as lines: tabs between values, and what could be mistaken behind a backslash.
    private struct CopyText {
        var bytes: [UInt8] = []
        private static let backslash = UInt8(ascii: "\\")

        mutating func append(_ values: [SQLValue]) {
            for index in values.indices {
                if index > 0 { bytes.append(UInt8(ascii: "\t")) }
                switch values[index] {
                case .null: bytes += "\\N".utf8
                case .integer(let integer): bytes += String(integer).utf8
                case .real(let real): bytes += "\(real)".utf8
                case .text(var text): text.withUTF8 { append($0) }
                case .blob(let blob): bytes += "\\\\x\(Hex.encode(blob))".utf8
                }
            }
            bytes.append(UInt8(ascii: "\n"))
        }

        private mutating func append(_ text: UnsafeBufferPointer<UInt8>) {
            for byte in text {
                switch byte {
                // As in a statement's values: the server has no U+0000.
                case 0: bytes += "\u{FFFD}".utf8
                case UInt8(ascii: "\n"): escape("n")
                case UInt8(ascii: "\r"): escape("r")
                case UInt8(ascii: "\t"): escape("t")
                case CopyText.backslash: escape("\\")
                default: bytes.append(byte)
                }
            }
        }

        private mutating func escape(_ letter: Unicode.Scalar) {
            bytes.append(CopyText.backslash)
            bytes.append(UInt8(ascii: letter))
        }
    }
#endif
