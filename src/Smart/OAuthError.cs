using System.Diagnostics.CodeAnalysis;

namespace HealthChain.Smart;

/// <summary>Why the authorisation server refuses: a code of OAuth or one of its neighbours, and words of ours that hold nothing secret.</summary>
public sealed record OAuthError(string Code, string Reason)
{
    // https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1 and #section-5.2
    public static OAuthError InvalidRequest(string reason) => new("invalid_request", reason);

    public static OAuthError InvalidClient(string reason) => new("invalid_client", reason);

    public static OAuthError InvalidGrant(string reason) => new("invalid_grant", reason);

    public static OAuthError InvalidScope(string reason) => new("invalid_scope", reason);

    public static OAuthError UnauthorizedClient(string reason) => new("unauthorized_client", reason);

    public static OAuthError UnsupportedGrantType(string reason) => new("unsupported_grant_type", reason);

    public static OAuthError UnsupportedResponseType(string reason) => new("unsupported_response_type", reason);

    public static OAuthError AccessDenied(string reason) => new("access_denied", reason);

    public static OAuthError ServerError(string reason) => new("server_error", reason);

    public static OAuthError TemporarilyUnavailable(string reason) => new("temporarily_unavailable", reason);

    /// <summary>https://www.rfc-editor.org/rfc/rfc7009#section-2.2.1</summary>
    public static OAuthError UnsupportedTokenType(string reason) => new("unsupported_token_type", reason);

    // https://www.rfc-editor.org/rfc/rfc6750#section-3.1
    public static OAuthError InvalidToken(string reason) => new("invalid_token", reason);

    public static OAuthError InsufficientScope(string reason) => new("insufficient_scope", reason);

    // https://www.rfc-editor.org/rfc/rfc7591#section-3.2.2
    public static OAuthError InvalidClientMetadata(string reason) => new("invalid_client_metadata", reason);

    public static OAuthError InvalidRedirectUri(string reason) => new("invalid_redirect_uri", reason);

    // https://www.rfc-editor.org/rfc/rfc9449#section-5 and #section-8
    public static OAuthError InvalidDpopProof(string reason) => new("invalid_dpop_proof", reason);

    public static OAuthError UseDpopNonce(string reason) => new("use_dpop_nonce", reason);
}

/// <summary>Either a value or why there is none.</summary>
public readonly struct OAuthResult<T>
{
    private readonly T? _value;

    private OAuthResult(T? value, OAuthError? error)
    {
        _value = value;
        Error = error;
    }

    /// <summary>The refusal, or null when there is a value.</summary>
    public OAuthError? Error { get; }

    [MemberNotNullWhen(false, nameof(Error))]
    public bool IsOk => Error is null;

    /// <summary>The value; asking for it after a refusal is a mistake of the caller.</summary>
    public T Value => Error is null ? _value! : throw new InvalidOperationException("There is no value: " + Error.Code);

    public static implicit operator OAuthResult<T>(T value) => new(value, null);

    public static implicit operator OAuthResult<T>(OAuthError error) => new(default, error);
}
