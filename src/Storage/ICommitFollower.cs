namespace HealthChain.Storage;

/// <summary>
/// Keeps in mind what versions say, for what is asked too often to read it each time: consents above all. It is told of a commit in the order of commits, and
/// before anybody can read what was committed; so what decides by it never knows less than what it decides about.
/// </summary>
/// <remarks>
/// Told by the one who writes, for whom all others wait: it must be quick, ask the store nothing but by what it is given, and not fail. One that fails ends the
/// process: from then on it would show what is withheld.
/// </remarks>
public interface ICommitFollower
{
    /// <summary>Takes note of what one transaction wrote.</summary>
    /// <param name="versions">As <see cref="Committed.Versions"/> has them.</param>
    /// <param name="newest">Reads the newest version of a resource as it stands now; null for one that is not there. Only for the time of the call.</param>
    void Note(IReadOnlyList<StoredVersion?> versions, Func<ResourceKey, StoredVersion?> newest);

    /// <summary>Forgets what was erased.</summary>
    /// <param name="resources">Hashes of their types and ids, as <see cref="IndexHasher.Reference(ResourceKey)"/> makes them.</param>
    void Forget(IReadOnlySet<long> resources);
}
