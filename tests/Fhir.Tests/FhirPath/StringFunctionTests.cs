using Xunit;

namespace HealthChain.Fhir.Tests.FhirPath;

public class StringFunctionTests
{
    public static TheoryData<string, string> Searching => Cases.Table("""
        'abcdefg'.indexOf('bc') => {1}
        'abcdefg'.indexOf('x') => {-1}
        'abcdefg'.indexOf('abcdefg') => {0}
        'abcdefg'.indexOf('') => {0}
        {}.indexOf('a') => {}
        'abc'.indexOf({}) => {}
        'abcbc'.lastIndexOf('bc') => {3}
        'abc'.lastIndexOf('x') => {-1}
        'abcdefg'.substring(3) => {'defg'}
        'abcdefg'.substring(1, 2) => {'bc'}
        'abcdefg'.substring(6, 2) => {'g'}
        'abcdefg'.substring(7, 1) => {}
        'abcdefg'.substring(-1, 1) => {}
        'abcdefg'.substring(3, 0) => {''}
        'abcdefg'.substring(3, -1) => {''}
        'abcdefg'.substring(3, {}) => {'defg'}
        'abcdefg'.substring({}) => {}
        {}.substring(0) => {}
        'abc'.substring('1') => error
        1.substring(0) => error
        'abcdefg'.startsWith('abc') => {true}
        'abcdefg'.startsWith('xyz') => {false}
        'abc'.startsWith('') => {true}
        'ABC'.startsWith('abc') => {false}
        'abcdefg'.endsWith('efg') => {true}
        'abcdefg'.endsWith('abc') => {false}
        'abc'.contains('b') => {true}
        'abc'.contains('bc') => {true}
        'abc'.contains('d') => {false}
        'abc'.contains({}) => {}
        ('a' | 'b').contains('a') => error
        (1).contains('1') => error
        """);

    public static TheoryData<string, string> Changing => Cases.Table("""
        'abcdefg'.upper() => {'ABCDEFG'}
        'AbCdefg'.lower() => {'abcdefg'}
        'straße ä'.upper() => {'STRAßE Ä'}
        {}.upper() => {}
        'abcdefg'.replace('cde', '123') => {'ab123fg'}
        'abcdefg'.replace('cde', '') => {'abfg'}
        'abc'.replace('', 'x') => {'xaxbxcx'}
        'abc'.replace('z', 'y') => {'abc'}
        'aaaa'.replace('aa', 'b') => {'bb'}
        'a.b.c'.replace('.', '-') => {'a-b-c'}
        '  ab  '.trim() => {'ab'}
        '\t\nab\r'.trim() => {'ab'}
        'abc'.toChars() => {'a', 'b', 'c'}
        ''.toChars() => {}
        'abc'.length() => {3}
        ''.length() => {0}
        {}.length() => {}
        5.length() => error
        'a,b,,c'.split(',') => {'a', 'b', '', 'c'}
        'abc'.split('') => {'a', 'b', 'c'}
        'abc'.split('x') => {'abc'}
        ('a' | 'b' | 'c').join(',') => {'a,b,c'}
        ('a' | 'b' | 'c').join() => {'abc'}
        ('a').combine('a').join('-') => {'a-a'}
        {}.join(',') => {}
        (1 | 2).join(',') => error
        'a' & 'b' => {'ab'}
        'a' & {} => {'a'}
        {} & {} => {''}
        'a' + 'b' => {'ab'}
        'a' + {} => {}
        'a' & 1 => error
        """);

    public static TheoryData<string, string> Patterns => Cases.Table("""
        'abc'.matches('b') => {true}
        'abc'.matches('^b') => {false}
        'abc'.matches('[a-c]+') => {true}
        'a\nb'.matches('a.b') => {true}
        'abc'.matches({}) => {}
        {}.matches('a') => {}
        'abc'.matches('(') => error
        'N8000123123'.matchesFull('N[0-9]{8}') => {false}
        'N8000123123'.matchesFull('N[0-9]{10}') => {true}
        'ab'.matchesFull('a|ab') => {true}
        'abab'.matches('(ab)\\1') => {true}
        'foobar'.matches('foo(?=bar)') => {true}
        '11/30/1972'.replaceMatches('\\b(?<month>\\d{1,2})/(?<day>\\d{1,2})/(?<year>\\d{2,4})\\b', '${day}-${month}-${year}') => {'30-11-1972'}
        'abc'.replaceMatches('[a-b]', 'x') => {'xxc'}
        'abc'.replaceMatches('', 'x') => {'abc'}
        'abc'.replaceMatches({}, 'x') => {}
        """);

    public static TheoryData<string, string> Codings => Cases.Table("""
        'test'.encode('hex') => {'74657374'}
        'test'.encode('base64') => {'dGVzdA=='}
        'subjects?_d'.encode('urlbase64') => {'c3ViamVjdHM_X2Q='}
        'test'.encode('rot13') => {}
        '74657374'.decode('hex') => {'test'}
        'xyz'.decode('hex') => {}
        'dGVzdA=='.decode('base64') => {'test'}
        '???'.decode('base64') => {}
        'c3ViamVjdHM_X2Q'.decode('urlbase64') => {'subjects?_d'}
        'grüße'.encode('base64').decode('base64') => {'grüße'}
        '<a href="x">'.escape('html') => {'&lt;a href=&quot;x&quot;&gt;'}
        '&lt;b&gt; &amp;'.unescape('html') => {'<b> &'}
        'a"b\\c'.escape('json') => {'a\"b\\c'}
        'a\\nb'.unescape('json').length() => {3}
        '\\u0041'.unescape('json') => {'A'}
        'x'.escape('yaml') => {}
        """);

    [Theory]
    [MemberData(nameof(Searching))]
    [MemberData(nameof(Changing))]
    [MemberData(nameof(Patterns))]
    [MemberData(nameof(Codings))]
    public void Strings(string expression, string expected) => Assert.Equal(expected, Cases.Evaluate(expression));
}
