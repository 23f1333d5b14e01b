import Contracts
import Curl
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Puts the file of an export, which is whole, where its definition wants it. Done again after a
/// kill it is the same file under the same name, and the same mail.
struct ExportDelivery: Sendable {
    /// Mail reads the file within it.
    private static let mailTimeout = Duration.seconds(600)

    let files: RunFiles
    let machines: OtherMachines
    let mail: Peer
    let runtime: Runtime
    /// For the folders of others.
    let thread: ThreadExecutor

    /// Throws a problem: `target-away` passes by itself, anything else does not.
    func deliver(_ run: Run, _ definition: ExportDefinition) async throws {
        // The same name, should it be done again.
        let begun = run.started.flatMap { Timestamp($0) } ?? runtime.clock.now()
        switch definition.target {
        case .download: return
        case .file(let target):
            do {
                try await files.deliver(
                    run.file, to: target, run: run.id, begun: begun, on: thread)
            } catch let error as FormatError {
                throw BatchError.target(error.sentence).problem
            } catch let error as FileError {
                throw BatchError.targetAway("\(error)").problem
            }
        case .remote(let target):
            let name = FileTarget.name(target.name, run: run.id, now: begun)
            do {
                try await target.deliver(
                    files.path(run.file), as: name, run: run.id,
                    to: try await machines.open(target.place))
            } catch let error as CurlError {
                let isAway = [.connection, .timeout].contains(error.kind)
                throw isAway
                    ? BatchError.targetAway("\(error)").problem
                    : BatchError.target("\(error)").problem
            }
        case .mail(let target):
            let pattern =
                target.name ?? "\(run.definitionCode.code)-{run}.\(definition.file.fileExtension)"
            let name = FileTarget.name(pattern, run: run.id, now: begun)
            let context = run.context(
                key: "export:\(run.id)", timeout: ExportDelivery.mailTimeout)
            _ = try await mail.call(target.mail(run, file: name), as: context)
        }
    }
}
