import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Brings the files of records and of exports that a mail takes along, into files of this service,
/// piece by piece.
struct AttachmentFiles: Sendable {
    let records: Peer
    let batch: Peer
    /// Where the files are written, and on which threads.
    let folder: String
    let files: ThreadExecutor
    /// Of all attachments together.
    let byteLimit: Int

    /// `attachments` with the contents of those that name a file. A fault names every file that the
    /// caller cannot read.
    func fill(
        _ attachments: [MessageDraft.Attachment], _ call: SendMail, _ context: CallContext
    ) async throws -> [MessageDraft.Attachment] {
        var result = attachments
        var faults: [FieldProblem] = []
        var left = byteLimit - attachments.reduce(0) { $0 + $1.content.size }
        for (index, item) in (call.attachments ?? []).enumerated() {
            guard item.file != nil || item.run != nil else { continue }
            let pointer = "/attachments/\(index)/\(item.run == nil ? "file" : "run")"
            let file = item.file.flatMap(AttachmentFiles.read)
            if item.run == nil, file == nil {
                faults.append(
                    FieldProblem(
                        pointer: pointer, code: "invalid-reference",
                        detail: "A file is named as model.class/id/column/name."))
                continue
            }
            do {
                let answer = try await open(file, run: item.run, context)
                let (content, type) = try await bring(answer, atMost: left)
                left -= content.size
                result[index].content = content
                if item.name.isEmpty {
                    result[index].name = file?.name ?? AttachmentFiles.name(of: answer)
                }
                if item.type.isEmpty { result[index].type = type }
            } catch let problem as Problem where [403, 404, 409].contains(problem.status) {
                faults.append(
                    FieldProblem(
                        pointer: pointer, code: "unknown-file",
                        detail: "There is no such file that you may read."))
            } catch is TooLong {
                faults.append(
                    FieldProblem(
                        pointer: pointer, code: "too-long",
                        detail: "Texts and attachments have more than \(byteLimit) bytes."))
            }
        }
        guard faults.isEmpty else { throw MailError.invalid(faults) }
        return result
    }

    private struct TooLong: Error {}

    private static func read(_ text: String) -> GetFile? {
        let parts = text.split(
            separator: "/", maxSplits: 3, omittingEmptySubsequences: false
        ).map(String.init)
        guard parts.count == 4, let type = FullCode(parts[0]), let id = Int64(parts[1]),
            FullCode.isCode(parts[2]), !parts[3].isEmpty
        else { return nil }
        return GetFile(type, id: id, column: parts[2], name: parts[3])
    }

    private func open(
        _ file: GetFile?, run: Int64?, _ context: CallContext
    ) async throws -> ClientResponse {
        let context = context.withoutKey
        if let file { return try await records.stream(file, body: .empty, as: context) }
        return try await batch.stream(GetRunFile(run: run ?? 0), body: .empty, as: context)
    }

    /// Batch says a name of letters, digits, `_`, `-` and `.`.
    private static func name(of answer: ClientResponse) -> String {
        let named = answer.headers["Content-Disposition"] ?? ""
        return String(
            named.split(separator: "\"", omittingEmptySubsequences: false).dropFirst()
                .first ?? "file")
    }

    private func bring(
        _ answer: ClientResponse, atMost limit: Int
    ) async throws -> (MessageDraft.Attachment.Content, type: String) {
        let target = try await files.run { [folder] in try WorkFile(in: folder) }
        var size = 0
        for try await piece in answer.body {
            size += piece.count
            guard size <= limit else { throw TooLong() }
            try await files.run { try target.write(piece) }
        }
        // Without parameters: `text/csv; charset=utf-8`.
        let named = (answer.headers["Content-Type"] ?? "").prefix { $0 != ";" }
        let type =
            MessageDraft.isMediaType(String(named)) ? String(named) : "application/octet-stream"
        return (.file(target, size: size), type)
    }
}
