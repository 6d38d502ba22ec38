using System.Xml.Linq;

namespace Dialtone.Tests.Docs;

/// <summary>Which part may know which: the table in ARCHITECTURE.md, held.</summary>
public sealed class ProjectReferenceTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Dialtone"] = [],
        ["Dialtone.Hosting"] = ["Dialtone"],
        ["Dialtone.Files"] = ["Dialtone"],
        ["Dialtone.Ftp"] = ["Dialtone", "Dialtone.Files"],
        ["Dialtone.Commands"] = ["Dialtone"],
        ["Dialtone.Chat"] = ["Dialtone"],
        ["Dialtone.Cli"] = ["Dialtone", "Dialtone.Files", "Dialtone.Ftp", "Dialtone.Commands", "Dialtone.Chat"],
    };

    [Fact]
    public void No_project_knows_another_it_should_not()
    {
        string[] projects = [.. Repository.Files("src", "*.csproj")];
        Assert.NotEmpty(projects);
        foreach (string project in projects)
        {
            string name = Path.GetFileNameWithoutExtension(project);
            Assert.True(Allowed.ContainsKey(name), $"{name} is not in the table.");
            Assert.Empty(References(project).Except(Allowed[name]));
        }
    }

    [Fact]
    public void Nothing_outside_sees_the_insides_of_the_library_but_its_tests()
    {
        foreach (string project in Repository.Files("src", "*.csproj"))
        {
            foreach (XElement friend in XDocument.Load(project).Descendants("InternalsVisibleTo"))
                Assert.EndsWith(".Tests", friend.Attribute("Include")!.Value, StringComparison.Ordinal);
        }
    }

    private static IEnumerable<string> References(string project) =>
        XDocument.Load(project).Descendants("ProjectReference").Select(static reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value));
}
