using HealthChain.Smart.Pages;
using Xunit;

namespace HealthChain.Smart.Tests.Pages;

/// <summary>What comes from outside is shown as what it is.</summary>
public sealed class HtmlTests
{
    [Theory]
    [InlineData("<b>\"&'", "&lt;b&gt;&quot;&amp;&#x27;")]
    [InlineData("Dr. Grace", "Dr. Grace")]
    [InlineData("\u0645\u0631\u064A\u0645", "&#x645;&#x631;&#x64A;&#x645;")]
    [InlineData("Evil \u202E)latipsoh/noitazinagrO(", "Evil )latipsoh/noitazinagrO(")]
    [InlineData("\u2066a\u2069\u200Fb", "ab")]
    [InlineData(null, "")]
    public void Values_are_escaped_and_turn_nothing_around(string? value, string shown) => Assert.Equal($"<p>{shown}</p>", Html.Of($"<p>{value}</p>").ToString());
}
