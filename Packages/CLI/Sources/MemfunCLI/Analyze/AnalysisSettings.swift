import MemfunAgent
import MemfunCore
import MemfunModels
import MemfunTools

/// What one `memfun analyze` is to do.
struct AnalysisSettings: Sendable {
  /// The folder or file, as given.
  var path: String
  /// How the code map is made.
  var mapOptions: CodeMapOptions
  /// What must not be broken.
  var conditions: [FailCondition]
  /// Where the page goes, if one is wanted.
  var htmlFile: ReportFile?
  /// Whether a configured model may be asked.
  var asksModel: Bool
  /// Walls; nil is no wall.
  var limits: Limits
  /// For the model.
  var configuration: Configuration
  /// What models cost.
  var prices: PriceTable

  /// Walls; nil is no wall.
  struct Limits: Sendable {
    /// Tokens and money of the narrative.
    var tokens: Int?, cost: Money?
    /// Of the whole command.
    var time: Duration?
  }
}
