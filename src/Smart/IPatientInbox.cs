using System.Net;

namespace HealthChain.Smart;

/// <summary>
/// What the page of a patient's inbox needs of the guarded server: who asks for access, who has it, and who took it in an emergency. All of it happens as the
/// patient, who sees and does here what any app of hers could, and is on record as hers.
/// </summary>
public interface IPatientInbox
{
    /// <summary>Null when it cannot be had at this moment.</summary>
    ValueTask<InboxContent?> ReadAsync(InboxVisitor visitor, CancellationToken cancellationToken);

    /// <summary>Agrees to a request.</summary>
    /// <param name="request">Its id.</param>
    /// <param name="version">The version that the patient was shown: another one is not agreed to.</param>
    /// <param name="part">What of it; null for the whole.</param>
    ValueTask<InboxOutcome> ApproveAsync(InboxVisitor visitor, string request, string version, ApprovedPart? part, CancellationToken cancellationToken);

    ValueTask<InboxOutcome> RejectAsync(InboxVisitor visitor, string request, string version, CancellationToken cancellationToken);

    /// <summary>Takes access back that was given.</summary>
    ValueTask<InboxOutcome> RevokeAsync(InboxVisitor visitor, string access, CancellationToken cancellationToken);
}

/// <summary>A patient who looks into her inbox.</summary>
/// <param name="Address">From where.</param>
public sealed record InboxVisitor(Person Patient, IPAddress? Address);

/// <param name="IsCut">There is more than is shown.</param>
public sealed record InboxContent(IReadOnlyList<AccessRequest> Requests, IReadOnlyList<GivenAccess> Given, IReadOnlyList<EmergencyAccess> Emergencies, bool IsCut);

/// <summary>Somebody asks for access.</summary>
public sealed record AccessRequest(string Id, string Version, string By, string Reason, AccessTerms Terms, ApprovalBar Bar);

/// <summary>A consent that is in force.</summary>
public sealed record GivenAccess(string Id, DateOnly? Since, AccessTerms Terms);

/// <summary>Somebody broke the glass.</summary>
public sealed record EmergencyAccess(string By, DateTimeOffset? At, string Reason);

/// <summary>What a patient agrees to of a request.</summary>
/// <param name="Data">Types of resources that she leaves in.</param>
/// <param name="LastDay">Null for the one that was asked for.</param>
public sealed record ApprovedPart(IReadOnlyList<string> Data, DateOnly? LastDay);

/// <summary>What a consent says, as far as a page can say it.</summary>
/// <param name="Data">Types of resources; empty for all.</param>
/// <param name="IsWhole">Nothing of the consent is missing here.</param>
public sealed record AccessTerms(
    TermsKind Kind,
    IReadOnlyList<string> Recipients,
    IReadOnlyList<string> Actions,
    IReadOnlyList<string> Purposes,
    IReadOnlyList<string> Data,
    IReadOnlyList<string> Codes,
    DateOnly? FirstDay,
    DateOnly? LastDay,
    bool IsWhole);

/// <summary>What becomes of those whom a consent names.</summary>
public enum TermsKind : byte
{
    /// <summary>They get access, and nothing changes for anybody else.</summary>
    Adds,

    /// <summary>They get access, and nobody else does.</summary>
    Governs,

    /// <summary>They get none.</summary>
    Refuses,

    /// <summary>Some of this, some of that.</summary>
    Mixed,
}

/// <summary>Why a request cannot be approved on a page.</summary>
public enum ApprovalBar : byte
{
    None,

    /// <summary>The time to answer is over.</summary>
    Late,

    /// <summary>What is proposed is not what was proposed first.</summary>
    Changed,

    /// <summary>It says more than a page can: nobody agrees to what she was not shown.</summary>
    Unreadable,
}

/// <summary>What came of an answer.</summary>
public enum InboxOutcome : byte
{
    Done,

    /// <summary>There is nothing of that id to answer, or it is somebody else's.</summary>
    Unknown,

    /// <summary>It is not any more what the patient was shown.</summary>
    Changed,

    /// <summary>It is wider than what was asked for, or makes no sense.</summary>
    Refused,

    /// <summary>Nothing would be left of it.</summary>
    Empty,
    Unavailable,
}
