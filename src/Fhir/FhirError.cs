using System.Diagnostics.CodeAnalysis;

namespace HealthChain.Fhir;

/// <summary>The closed set of ways in which a request can be refused. The server maps each to one HTTP status, in one table.</summary>
public enum ErrorKind
{
    Invalid,
    NotFound,
    Gone,
    Conflict,
    PreconditionFailed,
    Unsupported,
    Unauthenticated,
    Forbidden,

    /// <summary>Well-formed, but against a profile or a rule of the server; or a patch that does not fit the resource.</summary>
    Unprocessable,
    TooCostly,
    TooLarge,
    MethodNotAllowed,
    UnsupportedMediaType,
    NotAcceptable,
    Throttled,
    Busy,
}

/// <summary>An expected failure as a value: its kind and what to tell the caller.</summary>
public sealed record FhirError(ErrorKind Kind, IReadOnlyList<Issue> Issues)
{
    public static FhirError Of(ErrorKind kind, IssueType type, string message, string? expression = null) =>
        new(kind, [Issue.Error(type, message, expression)]);

    public static FhirError Invalid(string message, string? expression = null) =>
        Of(ErrorKind.Invalid, IssueType.Invalid, message, expression);

    public static FhirError NotFound(string message) => Of(ErrorKind.NotFound, IssueType.NotFound, message);

    public static FhirError Unsupported(string message, string? expression = null) =>
        Of(ErrorKind.Unsupported, IssueType.NotSupported, message, expression);

    public override string ToString() => string.Join("; ", Issues);
}

/// <summary>
/// Carries a <see cref="FhirError"/> through code where threading results would drown the logic. It is caught at the public
/// entry of the component that throws it and never leaves the library.
/// </summary>
[SuppressMessage("Design", "CA1032:Implement standard exception constructors", Justification = "Without an error it has no meaning.")]
public sealed class FhirException(FhirError error) : Exception(error.ToString())
{
    public FhirError Error { get; } = error;
}

/// <summary>Either a value or the error that stands in its place.</summary>
public readonly struct Result<T>
{
    private readonly T? _value;

    private Result(T? value, FhirError? error)
    {
        _value = value;
        Error = error;
    }

    internal static Result<T> Ok(T value) => new(value, null);

    /// <summary>The error, or null when there is a value.</summary>
    public FhirError? Error { get; }

    [MemberNotNullWhen(false, nameof(Error))]
    public bool IsOk => Error is null;

    /// <summary>The value; throws the error as <see cref="FhirException"/> when there is none.</summary>
    public T Value => Error is null ? _value! : throw new FhirException(Error);

    public static implicit operator Result<T>(T value) => new(value, null);

    public static implicit operator Result<T>(FhirError error) => new(default, error);
}

/// <summary>Makes results where the implicit conversion cannot, which is where T is an interface.</summary>
public static class Result
{
    public static Result<T> Of<T>(T value)
        where T : class
        => Result<T>.Ok(value);
}
