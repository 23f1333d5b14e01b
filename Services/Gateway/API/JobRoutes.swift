import Contracts
import HTTP
import JSON
import RPC

private typealias Answer = Operation.Answer

/// Jobs: what is planned, what ran, and what a person does about it.
struct JobRoutes: Sendable {
    let workflow: Peer
    let resolver: CodeResolver

    private static let run = "/api/jobs/{job}/runs/{run:integer}"

    func add(to table: RouteTable) {
        table.on(
            .get, "/api/jobs", .holder(of: Permissions.operationsRead),
            Operation(
                "Jobs with their next time and their last run", query: [.limit, .cursor],
                answers: [Answer(200, "A page of jobs", "JobList")])
        ) { request, caller in
            let query = try QueryReader(request, ["limit", "cursor"])
            let call = ListJobs(limit: try query.limit(), cursor: query.text("cursor"))
            return .passed(try await workflow.forward(call, as: request.context(caller)))
        }
        table.on(
            .post, "/api/jobs/{job}/run", .holder(of: Permissions.workflowOperate),
            Operation(
                "Runs a job now",
                about: "409 while it runs, unless its definition lets runs overlap.",
                answers: [Answer(202, "The run that does it", "RunStarted")], isKeptByOwner: true)
        ) { request, caller in
            _ = try QueryReader(request, [])
            let answer = try await workflow.forward(
                RunJob(job: try await job(request)), as: request.context(caller))
            return .passed(answer, status: 202)
        }
        addRuns(to: table)
    }

    private func addRuns(to table: RouteTable) {
        table.on(
            .get, "/api/jobs/{job}/runs", .holder(of: Permissions.operationsRead),
            Operation(
                "Planned against ran, newest first",
                query: [
                    .init(
                        name: "state",
                        about: "planned running succeeded failed skipped missed cancelled"),
                    .limit, .cursor,
                ], answers: [Answer(200, "A page of runs", "JobRunList")])
        ) { request, caller in
            let query = try QueryReader(request, ["state", "limit", "cursor"])
            let call = ListJobRuns(
                job: try await job(request), state: query.text("state"),
                limit: try query.limit(), cursor: query.text("cursor"))
            return .passed(try await workflow.forward(call, as: request.context(caller)))
        }
        table.on(
            .get, JobRoutes.run, .holder(of: Permissions.operationsRead),
            Operation(
                "One run of a job with its steps", answers: [Answer(200, "The run", "JobRun")])
        ) { request, caller in
            let call = GetJobRun(job: try await job(request), run: try request.id("run"))
            return .passed(try await workflow.forward(call, as: request.context(caller)))
        }
        table.on(
            .post, JobRoutes.run + "/cancel", .holder(of: Permissions.workflowOperate),
            Operation("Stops a run of a job", answers: [Answer(200, "The run", "JobRun")])
        ) { request, caller in
            let call = CancelJobRun(job: try await job(request), run: try request.id("run"))
            return .passed(try await workflow.forward(call, as: request.context(caller)))
        }
    }

    private func job(_ request: Request) async throws -> FullCode {
        try await resolver.resolve(
            request.parameters["job"] ?? "", .jobs, trace: request.trace)
    }
}
