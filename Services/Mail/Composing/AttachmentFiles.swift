import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Brings the files of records that a mail takes along, into files of this service, piece by piece.
struct AttachmentFiles: Sendable {
    let records: Peer
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
            guard let name = item.file else { continue }
            let pointer = "/attachments/\(index)/file"
            guard let file = AttachmentFiles.read(name) else {
                faults.append(
                    FieldProblem(
                        pointer: pointer, code: "invalid-reference",
                        detail: "A file is named as model.class/id/column/name."))
                continue
            }
            do {
                let (content, type) = try await bring(file, atMost: left, context)
                left -= content.size
                result[index].content = content
                if item.name.isEmpty { result[index].name = file.name }
                if item.type.isEmpty { result[index].type = type }
            } catch let problem as Problem where problem.status == 404 || problem.status == 403 {
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

    private func bring(
        _ file: GetFile, atMost limit: Int, _ context: CallContext
    ) async throws -> (MessageDraft.Attachment.Content, type: String) {
        let answer = try await records.stream(file, body: .empty, as: context.withoutKey)
        let target = try await files.run { [folder] in try WorkFile(in: folder) }
        var size = 0
        for try await piece in answer.body {
            size += piece.count
            guard size <= limit else { throw TooLong() }
            try await files.run { try target.write(piece) }
        }
        let named = answer.headers["Content-Type"] ?? ""
        let type = MessageDraft.isMediaType(named) ? named : "application/octet-stream"
        return (.file(target, size: size), type)
    }
}
