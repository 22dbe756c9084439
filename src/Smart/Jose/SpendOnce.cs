namespace HealthChain.Smart.Jose;

/// <summary>
/// Takes an id that may be used once; false when it was used before. The memory of it may end at <paramref name="until"/>: what carries it
/// is not valid any more then.
/// </summary>
/// <param name="owner">Whose ids they are: two clients may choose the same.</param>
public delegate ValueTask<bool> SpendOnce(string owner, string id, DateTimeOffset until, CancellationToken cancellationToken);
