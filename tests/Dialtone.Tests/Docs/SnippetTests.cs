using System.Text.RegularExpressions;

namespace Dialtone.Tests.Docs;

// What the documentation shows as code is code that compiles, and what it names is there.
public sealed partial class SnippetTests
{
    /// <summary>The calls that the tutorials teach: each has a row in docs/from-python.md.</summary>
    private static readonly string[] Calls =
    [
        .. """
        AF_UNIX AF_INET AF_INET6 SOCK_STREAM SOCK_DGRAM SOCK_RAW SOCK_RDM SOCK_SEQPACKET
        socket bind listen accept connect connect_ex create_connection socketpair recv recvfrom send sendall sendto sendfile
        getpeername getsockname getsockopt setsockopt settimeout gettimeout getdefaulttimeout setblocking fileno makefile close shutdown
        getaddrinfo gethostbyname gethostname flags IP_HDRINCL subprocess.Popen
        struct.pack struct.unpack struct.pack_into struct.unpack_from Struct.size hmac.new hmac.compare_digest os.urandom
        BaseServer TCPServer UDPServer UnixStreamServer UnixDatagramServer ThreadingMixIn ForkingMixIn
        ThreadingTCPServer ThreadingUDPServer ThreadingUnixStreamServer ThreadingUnixDatagramServer
        ForkingTCPServer ForkingUDPServer ForkingUnixStreamServer ForkingUnixDatagramServer
        serve_forever handle_request server_close server_bind server_activate get_request verify_request process_request finish_request
        shutdown_request close_request handle_error handle_timeout service_actions
        BaseRequestHandler setup handle finish request client_address server StreamRequestHandler rfile wfile DatagramRequestHandler
        ThreadPoolExecutor Queue
        """.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries),
    ];

    [Fact]
    public void Every_snippet_for_Python_people_is_cut_from_a_sample_that_compiles()
    {
        string[][] rows = Rows();
        Assert.NotEmpty(rows);
        foreach (string[] row in rows)
        {
            if (row[1] == "–")
                Assert.True(row[2].Length > 0, $"{row[0]} has neither a counterpart nor a reason");
            else
                Assert.Contains(CodeOf(row[1]), Repository.Snippets);
        }
    }

    [Fact]
    public void Every_call_the_tutorials_teach_has_its_row()
    {
        string python = string.Join('\n', Rows().Select(row => row[0]));

        string[] missing = [.. Calls.Where(call => !Regex.IsMatch(python, $@"(?<!\w){Regex.Escape(call)}(?!\w)"))];
        Assert.Empty(missing);
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("samples/README.md")]
    [InlineData("docs/test-kit.md")]
    [InlineData("src/Dialtone.Hosting/README.md")]
    public void Every_program_on_the_page_is_cut_from_code_that_compiles(string page)
    {
        foreach (Match block in CodeBlock().Matches(Repository.Read(page)))
            Assert.Contains(Repository.Dedent(block.Groups["code"].Value), Repository.Snippets);
    }

    /// <summary>Every page of the repository that people read.</summary>
    public static TheoryData<string> Pages =>
    [
        .. new[] { "*.md", "docs/*.md", "samples/*.md", "contrib/*.md", "bench/*.md", "src/Dialtone.Hosting/*.md" }
            .SelectMany(static pages => Directory.EnumerateFiles(Path.Combine(Repository.Root, Path.GetDirectoryName(pages)!), Path.GetFileName(pages)))
            .Select(static path => Path.GetRelativePath(Repository.Root, path)),
    ];

    [Theory, MemberData(nameof(Pages))]
    public void Every_link_and_path_on_the_page_leads_somewhere(string page)
    {
        string text = Repository.Read(page);
        string folder = Path.GetDirectoryName(page)!;

        IEnumerable<string> links = Link().Matches(text).Select(match => Path.Combine(folder, match.Groups["path"].Value));
        IEnumerable<string> paths = CodeSpan().Matches(text).Select(match => match.Groups["code"].Value).Where(code => RepositoryPath().IsMatch(code));

        string[] dead = [.. links.Concat(paths).Where(path => !Repository.Exists(path))];
        Assert.Empty(dead);
    }

    [Fact]
    public void Every_name_in_the_architecture_is_a_name_in_the_source()
    {
        string source = string.Join('\n', new[] { "src", "tests" }.SelectMany(folder => Repository.Files(folder, "*.cs")).Select(File.ReadAllText));
        HashSet<string> words = [.. Word().Matches(source).Select(match => match.Value)];

        IEnumerable<string> names = CodeSpan().Matches(Repository.Read("ARCHITECTURE.md"))
            .Select(match => match.Groups["code"].Value)
            .Where(code => TypeName().IsMatch(code))
            .SelectMany(code => Word().Matches(code).Select(match => match.Value));

        string[] unknown = [.. names.Where(name => !words.Contains(name)).Distinct()];
        Assert.Empty(unknown);
    }

    /// <summary>The rows of all tables of the guide: the Python call, its counterpart, a remark.</summary>
    private static string[][] Rows() =>
    [
        .. Repository.Read("docs/from-python.md").Split('\n')
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => line.Trim('|', ' ').Split('|').Select(cell => cell.Trim()).ToArray())
            .Select(cells => cells.Length == 3 ? cells : [cells[0], cells.ElementAtOrDefault(1) ?? "–", ""]),
    ];

    private static string CodeOf(string cell) =>
        string.Join('\n', cell.Split("<br>").Select(line => line.Trim()).Select(line => line.Trim('`')));

    [GeneratedRegex(@"^```csharp\n(?<code>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"`(?<code>[^`\n]+)`")]
    private static partial Regex CodeSpan();

    [GeneratedRegex(@"\]\((?!https?:|mailto:|#)(?<path>[^)#\s]+)(#[^)]*)?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^(\./)?(src|tests|docs|bench|samples|contrib|\.ci)/[\w./-]*$")]
    private static partial Regex RepositoryPath();

    [GeneratedRegex(@"^[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*(<\w+>)?(\.[A-Z]\w*)*(\(\))?$")]
    private static partial Regex TypeName();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();
}
