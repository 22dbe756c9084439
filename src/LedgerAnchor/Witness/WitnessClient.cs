using System.Net;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Witness;

internal enum WitnessVerdict
{
    Cosigned,

    /// <summary>It did not answer, or not in a way that says anything of the log.</summary>
    Unavailable,

    /// <summary>It cosigned a larger tree before.</summary>
    Ahead,

    /// <summary>It cosigned a tree that is no beginning of this one.</summary>
    Contradicts,
}

/// <param name="Cosignature">When it cosigned.</param>
/// <param name="Detail">For the operator, when it did not.</param>
internal sealed record WitnessOutcome(WitnessVerdict Verdict, NoteSignature? Cosignature, string Detail);

/// <summary>Asks a witness for cosignatures: https://c2sp.org/tlog-witness. Calls come one after another.</summary>
/// <param name="address">The witness's submission prefix.</param>
/// <param name="key">Its key; other cosignatures count for nothing.</param>
public sealed class WitnessClient(HttpClient http, Uri address, NoteVerifier key)
{
    // The witness may have got another checkpoint of ours meanwhile, but hardly more than once.
    private const int MaxAttempts = 3;
    private const int MaxAnswerBytes = 64 * 1024;

    private readonly Uri _addCheckpoint = new(address.AbsoluteUri.TrimEnd('/') + "/add-checkpoint");
    private long _lastSize;

    public string Name => key.Name;

    public NoteVerifier Key => key;

    /// <summary>Has a checkpoint cosigned.</summary>
    /// <param name="prove">The hashes that prove the tree of a smaller size to be the beginning of this one.</param>
    /// <param name="timeout">For all of it.</param>
    internal async ValueTask<WitnessOutcome> CosignAsync(
        SignedNote note, TreeHead head, Func<long, ValueTask<IReadOnlyList<Hash256>>> prove, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(timeout);
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            long oldSize = Math.Min(_lastSize, head.Size);
            IReadOnlyList<Hash256> proof = oldSize == 0 || oldSize == head.Size ? [] : await prove(oldSize);
            (HttpStatusCode Status, string Body) answer;
            try
            {
                answer = await PostAsync(new AddCheckpointRequest(oldSize, proof, note), patience.Token);
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                return Unavailable(failure.Message);
            }

            switch (answer.Status)
            {
                case HttpStatusCode.OK:
                    return Accept(note, head, answer.Body);
                case HttpStatusCode.Conflict when StrictText.TryReadNumber(answer.Body.TrimEnd('\n'), out long size) && size != oldSize:
                    if (size > head.Size)
                    {
                        return new WitnessOutcome(WitnessVerdict.Ahead, null, $"{Name} cosigned {size} leaves before, this log has {head.Size}.");
                    }

                    _lastSize = size;
                    break;
                case HttpStatusCode.Conflict or HttpStatusCode.UnprocessableEntity:
                    return new WitnessOutcome(WitnessVerdict.Contradicts, null, $"{Name} cosigned {oldSize} leaves before, of which this log of {head.Size} is no continuation.");
                default:
                    return Unavailable($"answered {(int)answer.Status}");
            }
        }

        return Unavailable("named another size each time");
    }

    private async Task<(HttpStatusCode Status, string Body)> PostAsync(AddCheckpointRequest request, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(request.ToBytes());
        using var message = new HttpRequestMessage(HttpMethod.Post, _addCheckpoint) { Content = content };
        using HttpResponseMessage response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        byte[] body = new byte[MaxAnswerBytes];
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        int length = await stream.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, cancellationToken);
        return (response.StatusCode, System.Text.Encoding.UTF8.GetString(body, 0, length));
    }

    private WitnessOutcome Accept(SignedNote note, TreeHead head, string lines)
    {
        foreach (string line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (SignedNote.TryReadSignature(line, out NoteSignature? signature)
                && signature.KeyId == key.KeyId
                && key.Check(SignedNote.Create(note.Text, signature)).IsValid)
            {
                _lastSize = head.Size;
                return new WitnessOutcome(WitnessVerdict.Cosigned, signature, "");
            }
        }

        return Unavailable("answered without a cosignature of its key");
    }

    private WitnessOutcome Unavailable(string why) => new(WitnessVerdict.Unavailable, null, $"{Name}: {why}");
}
