import Contracts
import Database
import JSON
import RPC

/// Files within a write: what a record lists is there, and what it listed can be found again.
extension RecordWriter {
    private func place(_ id: Int64, _ column: ColumnDefinition) -> FileTable.Place {
        FileTable.Place(table: access.recordClass.rootNumber, record: id, column: column.code)
    }

    /// Faults of the lists of files that a draft wants: a file must be listed already or have been,
    /// have come with this very call, or have been staged by this account. A list can so be
    /// reordered and shortened, and nothing in it invented.
    func checkFiles(
        _ draft: inout RecordDraft, id: Int64?, standing: [SQLValue] = [], at pointer: String
    ) throws {
        for position in access.recordClass.fileColumns {
            let column = access.recordClass.definition.columns[position]
            guard let limits = column.files, let value = draft.values[position], value != .null
            else { continue }
            let known = position < standing.count ? [FileEntry](stored: standing[position]) : []
            let wanted = [FileEntry](stored: value)
            if wanted == known { continue }
            let place = "\(pointer)/\(column.code)"
            if wanted.count > limits.maxFiles {
                draft.add(place, "too-many", "There may be at most \(limits.maxFiles) files.")
            }
            for (index, entry) in wanted.enumerated() where !known.contains(entry) {
                if let fault = try fault(of: entry, id: id, column, limits) {
                    draft.add("\(place)/\(index)", fault.code, fault.detail)
                }
            }
            for (index, entry) in wanted.enumerated()
            where wanted[..<index].contains(where: { $0.name == entry.name }) {
                draft.add("\(place)/\(index)", "repeated", "Another file has this name.")
            }
        }
    }

    private func fault(
        of entry: FileEntry, id: Int64?, _ column: ColumnDefinition, _ limits: FileLimits
    ) throws -> ColumnValue.Fault? {
        let cameWithCall = files.contains(entry)
        if !cameWithCall {
            if let id, try FileTable.wasListed(entry, at: place(id, column), connection) {
                return nil
            }
            let account = context.principal.account
            guard context.principal.isSystem,
                try FileTable.isStaged(entry, account: account, connection)
            else {
                return ColumnValue.Fault(
                    "not-found", "There is no such file here; files are put under the record.")
            }
        }
        return entry.fault(within: limits)
    }

    /// Notes which files the record lists now, after it was written.
    func keepFiles(_ id: Int64, _ draft: RecordDraft, standing: [SQLValue] = []) throws {
        for position in access.recordClass.fileColumns {
            let column = access.recordClass.definition.columns[position]
            guard let limits = column.files, let value = draft.values[position] else { continue }
            let before = position < standing.count ? [FileEntry](stored: standing[position]) : []
            let after = [FileEntry](stored: value)
            let place = place(id, column)
            for entry in after where !before.contains(entry) {
                try FileTable.use(entry, at: place, connection)
            }
            guard limits.deletion == .physical else { continue }
            for entry in before where !after.contains(entry) {
                try FileTable.forget(entry, at: place, connection)
            }
        }
    }

    // MARK: Putting and removing one

    /// A column of files that the caller may change, with what it lists.
    struct FileList {
        var column: ColumnDefinition
        var limits: FileLimits
        var entries: [FileEntry]

        /// The body of a change to this list.
        func body(_ entries: [FileEntry]) -> JSONValue {
            .object(JSONObject([(column.code, entries.json)]))
        }

        /// The list with the file in the place of its namesake, or at the end.
        func putting(_ entry: FileEntry) -> JSONValue {
            var entries = entries
            if let index = entries.firstIndex(where: { $0.name == entry.name }) {
                entries[index] = entry
            } else if column.many {
                entries.append(entry)
            } else {
                entries = [entry]
            }
            return body(entries)
        }

        func removing(_ name: String) throws -> JSONValue {
            guard entries.contains(where: { $0.name == name }) else { throw RecordsError.notFound }
            return body(entries.filter { $0.name != name })
        }
    }

    /// Throws what the caller would be refused with.
    func fileList(_ id: Int64, version: Int64?, column code: String) throws -> FileList {
        let (row, _) = try changeDraft(id, version: version, .object(JSONObject()), at: "")
        let recordClass = access.recordClass
        guard let position = recordClass.positions[code],
            let limits = recordClass.definition.columns[position].files
        else { throw RecordsError.notFound }
        let list = FileList(
            column: recordClass.definition.columns[position], limits: limits,
            entries: [FileEntry](stored: row.values[position]))
        var (_, draft) = try changeDraft(
            id, version: version, list.body(list.entries), at: "")
        draft.dropFaults(of: "required")
        do {
            try draft.validate()
        } catch RecordsError.validation {
            // A column that the caller may not even read does not exist for it.
            throw RecordsError.notFound
        }
        return list
    }
}

extension FileEntry {
    func fault(within limits: FileLimits) -> ColumnValue.Fault? {
        if let fault = FileEntry.fault(ofName: name) {
            return ColumnValue.Fault("wrong-format", "The name \(fault).")
        }
        if type != FileEntry.mediaType(type) {
            return ColumnValue.Fault("wrong-format", "The type is no media type.")
        }
        if bytes > limits.maxBytes {
            return ColumnValue.Fault(
                "too-large", "A file may have at most \(limits.maxBytes) bytes.")
        }
        if !limits.extensions.isEmpty, !limits.extensions.contains(fileExtension) {
            let known = limits.extensions.joined(separator: ", ")
            return ColumnValue.Fault("not-allowed", "The name must end in one of \(known).")
        }
        return nil
    }
}
