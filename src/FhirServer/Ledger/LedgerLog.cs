using HealthChain.LedgerAnchor.Worker;
using HealthChain.LedgerProofs;

namespace HealthChain.FhirServer.Ledger;

/// <summary>What the ledger says to the operator: sizes, roots and names of servers; nothing of contents.</summary>
internal static partial class LedgerLog
{
    [LoggerMessage(EventId = 40, Level = LogLevel.Critical, Message = "The ledger signs nothing any more. {Finding} FHIR goes on. docs/ledger.md says what to do; 'healthchain ledger verify' finds out more")]
    public static partial void Alarm(ILogger logger, LedgerFinding finding);

    [LoggerMessage(EventId = 41, Level = LogLevel.Warning, Message = "The ledger is behind and tries again: {Problem}")]
    public static partial void Failed(ILogger logger, string problem);

    [LoggerMessage(EventId = 42, Level = LogLevel.Information, Message = "The ledger is {Origin}, its key {Key}")]
    public static partial void Started(ILogger logger, string origin, NoteVerifier key);

    [LoggerMessage(EventId = 43, Level = LogLevel.Critical, Message = "A log that is mirrored here has forked. {Finding}")]
    public static partial void Forked(ILogger logger, string finding);

    [LoggerMessage(EventId = 44, Level = LogLevel.Warning, Message = "The mirror of {Origin} is behind and tries again: {Problem}")]
    public static partial void MirrorFailed(ILogger logger, string origin, string problem);

    [LoggerMessage(EventId = 46, Level = LogLevel.Warning, Message = "The registry of organisations is behind and tries again: {Problem}")]
    public static partial void RegistryFailed(ILogger logger, string problem);

    [LoggerMessage(EventId = 45, Level = LogLevel.Critical, Message = "The ledger cannot work: {Problem}")]
    public static partial void CannotStart(ILogger logger, string problem);
}
