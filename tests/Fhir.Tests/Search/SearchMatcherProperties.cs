using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.Fhir.Tests.Search;

/// <summary>Laws that hold between a value, its precision and the prefixes, whatever the value.</summary>
public class SearchMatcherProperties
{
    private static readonly IndexedParameter Date = Queries.Parameter(SearchParameterType.Date);
    private static readonly IndexedParameter Quantity = Queries.Parameter(SearchParameterType.Quantity);

    private static readonly Gen<string> Numbers =
        from digits in Gen.Choose(-99999, 99999)
        from decimals in Gen.Choose(0, 4)
        from exponent in Gen.Choose(-3, 3)
        select (digits * (decimal)Math.Pow(10, -decimals)).ToString("F" + decimals, CultureInfo.InvariantCulture) + (exponent == 0 ? "" : "e" + exponent);

    private static readonly Gen<string> Dates =
        from minutes in Gen.Choose(0, 60 * 24 * 365 * 50)
        from length in Gen.Elements(4, 7, 10, 20)
        let moment = new DateTime(1990, 1, 1).AddMinutes(minutes).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
        select moment[..length];

    [Fact]
    public void A_number_lies_within_its_own_precision() =>
        Check(Numbers, text => NumberRange.TryParse(Utf8(text), out NumberRange range) && range.Contains(range.Value) && range.Low < range.High);

    [Fact]
    public void Each_further_digit_narrows_the_range() =>
        Check(Numbers.Where(text => text.Contains('.') && !text.Contains('e')), text =>
        {
            Assert.True(NumberRange.TryParse(Utf8(text), out NumberRange wide));
            Assert.True(NumberRange.TryParse(Utf8(text + "0"), out NumberRange narrow));
            return wide.Low < narrow.Low && narrow.High < wide.High && wide.Value == narrow.Value;
        });

    [Fact]
    public void A_shorter_date_contains_the_longer_one() =>
        Check(Dates, text =>
        {
            Assert.True(DateRange.TryParse(Utf8(text), out DateRange range));
            Assert.True(DateRange.TryParse(Utf8(text[..4]), out DateRange year));
            return year.Contains(range) && range.Start < range.End;
        });

    [Fact]
    public void Prefixes_of_dates_agree_with_each_other() =>
        Check(Dates.Two(), pair =>
        {
            Assert.True(DateRange.TryParse(Utf8(pair.Item1), out DateRange stored));
            bool Meets(string prefix) => Queries.Read(Date, SearchModifier.None, prefix + pair.Item2)[0] is DateQuery query
                && SearchPrefixes.Matches(query.Prefix, query.Range, stored);
            return Meets("eq") != Meets("ne")
                && Meets("") == Meets("eq")
                && (!Meets("eq") || Meets("ap"))
                && Meets("ge") == (Meets("gt") || Meets("eq"))
                && Meets("le") == (Meets("lt") || Meets("eq"))
                && (!Meets("sa") || Meets("gt"))
                && (!Meets("eb") || Meets("lt"))
                && !(Meets("sa") && Meets("eb"))
                && (Meets("gt") || Meets("lt") || Meets("eq"));
        });

    [Fact]
    public void Prefixes_of_numbers_agree_with_each_other() =>
        Check(Numbers.Two(), pair =>
        {
            Assert.True(NumberRange.TryParse(Utf8(pair.Item1), out decimal number, out _));
            var stored = new SearchValue { Kind = SearchValueKind.Number, Low = number, High = number };
            bool Meets(string prefix) => Queries.Read(Queries.Parameter(SearchParameterType.Number), SearchModifier.None, prefix + pair.Item2)[0] is NumberQuery query
                && SearchPrefixes.Matches(query.Prefix, query.Range, stored);
            return Meets("eq") != Meets("ne")
                && (!Meets("eq") || Meets("ap"))
                && Meets("gt") != Meets("le")
                && Meets("lt") != Meets("ge")
                && Meets("sa") == Meets("gt")
                && Meets("eb") == Meets("lt");
        });

    [Fact]
    public void A_quantity_is_found_in_every_unit_it_can_be_written_in() =>
        Check(Numbers.Where(text => !text.Contains('e')), text =>
        {
            decimal number = decimal.Parse(text, CultureInfo.InvariantCulture);
            string stored = $$"""{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":{{text}},"system":"http://unitsofmeasure.org","code":"g"} }""";
            return Found(stored, $"{text}|http://unitsofmeasure.org|g")
                && Found(stored, $"{(number * 1000).ToString(CultureInfo.InvariantCulture)}|http://unitsofmeasure.org|mg")
                && Found(stored, $"{(number / 1000).ToString(CultureInfo.InvariantCulture)}|http://unitsofmeasure.org|kg")
                && !Found(stored, $"{text}|http://unitsofmeasure.org|m")
                && Found(stored, $"lt{text}|http://unitsofmeasure.org|kg") == (number > 0);
        });

    [Fact]
    public void A_folded_text_starts_with_the_fold_of_each_of_its_starts() =>
        Check(ArbMap.Default.GeneratorFor<NonNull<string>>(), text =>
        {
            string whole = text.Get;
            byte[] folded = SearchText.Fold(Utf8(whole));
            return Enumerable.Range(0, whole.Length + 1)
                .Where(length => length == whole.Length || !char.IsLowSurrogate(whole[length]))
                .All(length => folded.AsSpan().StartsWith(SearchText.Fold(Utf8(whole[..length]))));
        });

    private static bool Found(string json, string query)
    {
        var values = new IndexValues();
        Element resource = FhirJson.Read(Utf8(json)).Root;
        new SearchExtractor(Sets.R4).Extract(resource, values);
        IndexedParameter parameter = Sets.R4.Find(resource.Type, "value-quantity")!;
        return SearchMatcher.Matches(values, parameter.Id, SearchModifier.None, Queries.Read(Quantity, SearchModifier.None, query));
    }

    private static void Check<T>(Gen<T> values, Func<T, bool> law) =>
        Prop.ForAll(values.ToArbitrary(), law).Check(RandomCases.Of(100));

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
