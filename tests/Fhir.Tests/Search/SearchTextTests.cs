using System.Text;
using HealthChain.Fhir.Search;
using Xunit;

namespace HealthChain.Fhir.Tests.Search;

public class SearchTextTests
{
    [Theory]
    [InlineData("Chalmers", "chalmers")]
    [InlineData("  van  den\tBerg ", "van den berg")]
    [InlineData("O'Brien-Smith, Jr.", "obriensmith jr")]
    [InlineData("Éloïse Ångström", "eloise angstrom")]
    [InlineData("e\u0301", "e")]
    [InlineData("Straße", "strasse")]
    [InlineData("STRASSE", "strasse")]
    [InlineData("Łódź Øster Æbelø", "lodz oster aebelo")]
    [InlineData("İstanbul ISPARTA ılık", "istanbul isparta ilik")]
    [InlineData("Nguyễn Thị Thuỳ Dương", "nguyen thi thuy duong")]
    [InlineData("Ἀθῆναι Ὀδυσσεύς", "αθηναι οδυσσευσ")]
    [InlineData("Москва Ёлкин", "москва елкин")]
    [InlineData("北京 東京", "北京 東京")]
    [InlineData("مُحَمَّد", "محمد")]
    [InlineData("हिन्दी", "हिन्दी")]
    [InlineData("a\u00A0\u2003b", "a b")]
    [InlineData("“quoted” – dash", "quoted dash")]
    [InlineData("5 $ + 3", "5 $ + 3")]
    [InlineData("-- !? --", "")]
    [InlineData("\U0001F600 ok", "\U0001F600 ok")]
    public void Case_accents_punctuation_and_blanks_do_not_count(string text, string folded) =>
        Assert.Equal(folded, Encoding.UTF8.GetString(SearchText.Fold(Encoding.UTF8.GetBytes(text))));

    [Fact]
    public void No_character_grows_beyond_the_bound_and_folding_twice_changes_nothing()
    {
        byte[] utf8 = new byte[4];
        for (int code = 0; code <= 0x10FFFF; code++)
        {
            if (!Rune.IsValid(code))
            {
                continue;
            }

            int length = new Rune(code).EncodeToUtf8(utf8);
            byte[] folded = SearchText.Fold(utf8.AsSpan(0, length));
            Assert.True(folded.Length <= SearchText.MaxFoldedLength(length), $"U+{code:X}");
            Assert.True(folded.AsSpan().SequenceEqual(SearchText.Fold(folded)), $"U+{code:X}");
        }
    }

    [Fact]
    public void Broken_utf8_does_not_throw() => Assert.Equal("a\uFFFDb", Encoding.UTF8.GetString(SearchText.Fold([(byte)'a', 0xC3, (byte)'b'])));
}
