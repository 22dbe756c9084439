namespace HealthChain.Fhir.Terminology;

/// <summary>Whether a code belongs to a set of codes. What cannot be decided is said, never guessed.</summary>
public enum Membership : byte
{
    NotMember,
    Member,
    CannotSay,
}

/// <summary>An answer about one code, and for <see cref="Membership.CannotSay"/> why: which code system or filter is out of reach.</summary>
public readonly record struct CodeMembership(Membership Answer, string? Reason)
{
    public static CodeMembership Member => new(Membership.Member, null);

    public static CodeMembership NotMember => new(Membership.NotMember, null);

    public static CodeMembership CannotSay(string reason) => new(Membership.CannotSay, reason);

    public bool IsMember => Answer == Membership.Member;

    /// <summary>Member of either: certain as soon as one of them is certain.</summary>
    internal CodeMembership Or(CodeMembership other) => (Answer, other.Answer) switch
    {
        (Membership.Member, _) => this,
        (_, Membership.Member) => other,
        (Membership.CannotSay, _) => this,
        _ => other,
    };

    /// <summary>Member of both: refused as soon as one of them refuses.</summary>
    internal CodeMembership And(CodeMembership other) => (Answer, other.Answer) switch
    {
        (Membership.NotMember, _) => this,
        (_, Membership.NotMember) => other,
        (Membership.CannotSay, _) => this,
        _ => other,
    };

    internal CodeMembership Not() => Answer switch
    {
        Membership.Member => NotMember,
        Membership.NotMember => Member,
        _ => this,
    };
}
