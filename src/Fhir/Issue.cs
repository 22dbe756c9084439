namespace HealthChain.Fhir;

/// <summary>How bad an <see cref="Issue"/> is, in the words of FHIR's issue-severity code system.</summary>
public enum IssueSeverity
{
    Fatal,
    Error,
    Warning,
    Information,
}

/// <summary>The kinds of fault of FHIR's issue-type code system. <see cref="IssueTypes"/> has the codes on the wire.</summary>
public enum IssueType
{
    Invalid,
    Structure,
    Required,
    Value,
    Invariant,
    Security,
    Login,
    Unknown,
    Expired,
    Forbidden,
    Suppressed,
    Processing,
    NotSupported,
    Duplicate,
    MultipleMatches,
    NotFound,
    Deleted,
    TooLong,
    CodeInvalid,
    Extension,
    TooCostly,
    BusinessRule,
    Conflict,
    Transient,
    LockError,
    NoStore,
    Exception,
    Timeout,
    Incomplete,
    Throttled,
    Informational,
}

/// <summary>The wire names of <see cref="IssueType"/> and <see cref="IssueSeverity"/>.</summary>
public static class IssueTypes
{
    private static readonly string[] Codes =
    [
        "invalid", "structure", "required", "value", "invariant", "security", "login", "unknown", "expired", "forbidden",
        "suppressed", "processing", "not-supported", "duplicate", "multiple-matches", "not-found", "deleted", "too-long",
        "code-invalid", "extension", "too-costly", "business-rule", "conflict", "transient", "lock-error", "no-store",
        "exception", "timeout", "incomplete", "throttled", "informational",
    ];

    public static string Code(this IssueType type) => Codes[(int)type];

    public static string Code(this IssueSeverity severity) => severity switch
    {
        IssueSeverity.Fatal => "fatal",
        IssueSeverity.Error => "error",
        IssueSeverity.Warning => "warning",
        _ => "information",
    };
}

/// <summary>One finding about a resource or a request; becomes one <c>OperationOutcome.issue</c>.</summary>
/// <param name="Severity">Fatal and Error mean that the input is not acceptable.</param>
/// <param name="Type">The kind of fault.</param>
/// <param name="Message">What was found, what was expected, and so what to do. Never holds personal data beyond the faulty value itself.</param>
/// <param name="Expression">The FHIRPath of the faulty element, such as <c>Patient.name[0].given[1]</c>; null when the whole input is meant.</param>
/// <param name="Key">The rule that was violated, such as the key of an invariant or the canonical of a profile; null when the type says it all.</param>
public sealed record Issue(IssueSeverity Severity, IssueType Type, string Message, string? Expression = null, string? Key = null)
{
    /// <summary>Where in the text the fault stands, when the reader knows: line and column, counted from 1.</summary>
    public (int Line, int Column)? Position { get; init; }

    public bool IsError => Severity <= IssueSeverity.Error;

    public static Issue Error(IssueType type, string message, string? expression = null, string? key = null) =>
        new(IssueSeverity.Error, type, message, expression, key);

    public static Issue Warning(IssueType type, string message, string? expression = null, string? key = null) =>
        new(IssueSeverity.Warning, type, message, expression, key);

    public override string ToString() => $"{Severity.Code()} {Type.Code()} {Expression}: {Message}";
}
