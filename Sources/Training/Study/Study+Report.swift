internal import Registry
internal import Screening

extension Study {
    /// Writes the report of a finished study: `report.md` with its figures beside it, `report.html` with them inside, `results.json`.
    /// - Parameter shown: what the figures show.
    /// - Throws: `refused` where a run or the timing is missing.
    public func report(figures shown: StudyFigures.Source) async throws -> StudyResults {
        var scores: [StudyScores] = []
        for run in options.runs {
            guard let found = try folder.scores(of: run) else { throw notFinished(run.name) }
            scores.append(found)
        }
        guard let timing = try folder.timing() else { throw notFinished("timing") }
        var figures: [StudyFigure] = []
        for task in shown == .none ? [] : options.tasks {
            let judge = try await StudyJudge(task, side: options.side, sets: sets[task] ?? [])
            figures += try await StudyFigures(task: task, options: options, folder: folder, judge: judge).drawn(shown)
        }
        let results = StudyResults(options, scores, timing: timing)
        let blocks = StudyReport(results: results, figures: figures, shown: shown).blocks
        for figure in figures { try folder.replace("figures/\(figure.name).png", with: figure.png) }
        try folder.replace("report.md", with: Array(CardBlock.markdown(title: StudyReport.title, blocks).utf8))
        try folder.replace("report.html", with: Array(CardBlock.page(title: StudyReport.title, width: 72, blocks).utf8))
        try folder.write(results, as: "results.json")
        return results
    }

    private func notFinished(_ what: String) -> PapillaError {
        PapillaError(
            .refused, "the study is not finished: \(what) is missing", place: folder.path, hint: "Go on with it by --resume")
    }
}
