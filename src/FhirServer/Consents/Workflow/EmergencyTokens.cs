using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Access.Decision;
using HealthChain.LedgerProofs;
using HealthChain.Smart.State;

namespace HealthChain.FhirServer.Consents.Workflow;

/// <summary>
/// The tokens of those who broke the glass. They are kept in memory alone: a restart ends them, and nobody refreshes them. Thread-safe.
/// </summary>
/// <param name="state">Knows whether the account still stands; null where there is no authorisation server.</param>
internal sealed class EmergencyTokens(TimeProvider time, SmartState? state = null)
{
    /// <summary>What the tokens begin with, so that no other token is looked for here.</summary>
    private const string Start = "btg.";

    private const int SecretBytes = 32;

    /// <summary>Tokens at a time; when there are more, somebody breaks it for other reasons than patients' safety.</summary>
    private const int Most = 10_000;

    private readonly ConcurrentDictionary<Hash256, TokenRights> _tokens = [];

    /// <summary>A new token; null when there are too many.</summary>
    /// <param name="rightsOf">What it gives, made for the name by which records call it.</param>
    public (string Token, TokenRights Rights)? Issue(Func<string, TokenRights> rightsOf)
    {
        foreach ((Hash256 old, TokenRights over) in _tokens)
        {
            if (IsOver(over.Requester))
            {
                _tokens.TryRemove(old, out _);
            }
        }

        if (_tokens.Count >= Most)
        {
            return null;
        }

        string token = Start + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        Hash256 hash = HashOf(token);
        return (token, rightsOf(hash.ToString()[..24]));
    }

    /// <summary>From now on the token is good.</summary>
    public void Admit(string token, TokenRights rights) => _tokens[HashOf(token)] = rights;

    /// <summary>Who has the token; null when nobody does, or not any more.</summary>
    public Requester? Find(ReadOnlySpan<char> token)
    {
        if (!token.StartsWith(Start, StringComparison.Ordinal) || !_tokens.TryGetValue(HashOf(token.ToString()), out TokenRights? rights))
        {
            return null;
        }

        // An account or an app that is disabled meanwhile, or whose owner may not do that any more, ends it at once.
        Requester requester = rights.Requester;
        bool stands = (requester.Account is null || state?.FindAccount(requester.Account) is { IsDisabled: false, MayBreakGlass: true })
            && (requester.Grant is null || state?.FindClient(requester.Grant.Client) is { IsBlocked: false });
        return stands && !IsOver(requester) ? requester : null;
    }

    private bool IsOver(Requester requester) => requester.BreakGlass!.Until <= time.GetUtcNow();

    private static Hash256 HashOf(string token) => Hash256.Of(Encoding.UTF8.GetBytes(token));
}
