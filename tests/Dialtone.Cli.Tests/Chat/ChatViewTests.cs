using System.Text;
using Dialtone.Chat;

namespace Dialtone.Cli.Tests;

/// <summary>The chat's screens as models: keys and events in, rows out.</summary>
public sealed class ChatViewTests
{
    private static readonly Signs Utf8 = Signs.Of(_ => "en_US.UTF-8");
    private static readonly DateTimeOffset Noon = new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.Zero).ToLocalTime();
    private static readonly string Time = $"{Noon:HH:mm:ss}";

    [Fact]
    public void The_operator_sees_what_was_said_who_is_here_who_waits_and_whom_the_line_answers()
    {
        OperatorView view = Operator();
        view.Log.Add(Said("ann", "127.0.0.1:40001", "可以帮我吗 🙂", isVerified: true));
        view.Log.Add(Said("10.0.0.7:53122", null, "what time is it, if I may ask so early in the morning of a working day?", isVerified: false));
        view.Show([Waits(1, "ann", "可以帮我吗 🙂"), Waits(2, "10.0.0.7:53122", "what time is it", isVerified: false)], [Present("ann", true), Present("10.0.0.7:53122", false)]);
        Type(view, "你好 ann");
        Assert.Equal(
            $"""
            {Time} ann 127.0.0.1:40001 ✓: 可以帮我吗 🙂
            {Time} 10.0.0.7:53122 ?: what time is it, if I may ask so
                     early in the morning of a working day?



            ── 2 here  ann✓  10.0.0.7:53122? ───────────────────────────
            ▸ {Time} ann✓ 可以帮我吗 🙂
              {Time} 10.0.0.7:53122? what time is it
            ── answer ann✓  2 unanswered ───────────────────────────────
            > 你好 ann
            """,
            Shown(view.Draw(60, 11)));
        Assert.Equal((10, 10), Cursor(view.Draw(60, 11)));
    }

    [Fact]
    public void Plain_text_answers_the_oldest_unless_another_is_chosen_and_never_somebody_else_than_it_was_typed_for()
    {
        OperatorView view = Operator();
        ChatMessage ann = Waits(1, "ann", "a"), bob = Waits(2, "bob", "b"), carol = Waits(3, "carol", "c");
        view.Show([ann, bob, carol], []);
        Assert.Equal(ann, view.Target);
        Press(view, KeyName.Down);
        Assert.Equal(bob, view.Target);
        Press(view, KeyName.Tab);
        Press(view, KeyName.Tab);
        Assert.Equal(ann, view.Target);
        Press(view, KeyName.Up);
        Assert.Equal(carol, view.Target);
        view.Done();
        Assert.Equal(ann, view.Target);

        Type(view, "hello");
        view.Show([bob, carol], []); // somebody else has answered Ann, or she has left
        Assert.Null(view.Target);
        Assert.Contains("waits no more", Shown(view.Draw(60, 12)), StringComparison.Ordinal);
        Press(view, KeyName.Tab);
        Assert.Equal(bob, view.Target);
        view.Done();
        Type(view, "x");
        view.Show([carol], []);
        Press(view, KeyName.Backspace);
        Assert.Equal(carol, view.Target);
    }

    [Fact]
    public void A_line_that_is_typed_is_not_touched_by_what_arrives()
    {
        OperatorView view = Operator();
        Type(view, "half a sen");
        Frame before = view.Draw(60, 20);
        for (int i = 0; i < 100; i++)
        {
            view.Log.Add(Said($"guest{i}", null, "hello\nagain", isVerified: false));
            view.Show([.. Enumerable.Range(0, i).Select(k => Waits(k, $"guest{k}", "hello"))], []);
        }

        Frame after = view.Draw(60, 20);
        Assert.Equal((before.Rows[^1].ToString(), Cursor(before)), (after.Rows[^1].ToString(), Cursor(after)));
        Assert.Equal("half a sen", view.Line.Text);
    }

    [Fact]
    public void What_was_sent_cannot_steer_the_terminal_or_pass_for_somebody_else()
    {
        OperatorView view = Operator();
        string evil = "\e[2J\u202eabc\u009b1m\u0007\r12:00:00 ann✓: yes\n12:00:01 boss: pay\u2028him";
        view.Log.Add(Said("\e]0;x\a", "\e[H", evil, isVerified: false));
        view.Show([Waits(1, "a\e[5mb", evil)], [Present("c\u200fd", false)]);
        Frame frame = view.Draw(60, 16);
        string written = new FramePainter(usesStyle: true).Paint(frame, 60);
        Assert.DoesNotContain(Shown(frame).EnumerateRunes(), letter => letter.Value != '\n' && (Rune.IsControl(letter) || letter.Value is 0x202E or 0x200F or 0x2028));
        Assert.Contains(@"\u{1b}[2J\u{202e}abc\u{9b}1m\u{7}", Shown(frame).ReplaceLineEndings("").Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        foreach (string sequence in (string[])["\e[2J\u202e", "\u009b", "\a", "\e]", "\e[5m"])
            Assert.DoesNotContain(sequence, written, StringComparison.Ordinal);
        Assert.All(Shown(frame).Split('\n')[1..], row => Assert.False(row.StartsWith("12:00:0", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_new_day_is_told_before_what_was_said_on_it()
    {
        var view = new ClientView(Utf8, []);
        view.Log.Add(new LogEntry(Noon.AddDays(-2), new ScreenText(), "then"));
        view.Log.Add(new LogEntry(Noon, new ScreenText(), "now"));
        Assert.Equal($"{Time}   then\n{Time}   {Noon:dddd, d MMMM yyyy}\n{Time}   now", Shown(view.Draw(60, 6), rows: 3));
    }

    [Fact]
    public void What_joins_emoji_and_words_is_left_in()
    {
        var view = new ClientView(Utf8, []);
        view.Log.Add(new LogEntry(Noon, new ScreenText(), "👩\u200d💻 می\u200cخواهم \u200e"));
        Assert.Equal($"{Time}   👩\u200d💻 می\u200cخواهم \\u{{200e}}", Shown(view.Draw(60, 4), rows: 1));
    }

    [Fact]
    public void Marks_change_where_they_stand()
    {
        var view = new ClientView(Utf8, []) { Place = "lobby" };
        LogEntry first = view.Log.Add(new LogEntry(Noon, new ScreenText().Add("you: "), "hello"));
        LogEntry second = view.Log.Add(new LogEntry(Noon, new ScreenText().Add("you → bob: "), "hi"));
        first.Become(Mark.Sent);
        second.Become(Mark.Sent);
        Assert.Equal($"{Time} · you: hello\n{Time} · you → bob: hi", Shown(view.Draw(60, 4), rows: 2));
        first.Become(Mark.Delivered, "7 of 9");
        second.Become(Mark.Failed, "no such name");
        Assert.Equal($"{Time} ✓ you: hello  (7 of 9)\n{Time} ✗ you → bob: hi  (no such name)", Shown(view.Draw(60, 4), rows: 2));

        var plain = new ClientView(Signs.Of(_ => "C"), []);
        plain.Log.Add(new LogEntry(Noon, new ScreenText().Add("you: "), "hello")).Become(Mark.Delivered);
        Assert.Equal($"{Time} + you: hello", Shown(plain.Draw(60, 4), rows: 1));
        Assert.All(Shown(plain.Draw(60, 4)), letter => Assert.True(char.IsAscii(letter)));
    }

    [Fact]
    public void Long_texts_break_at_blanks_and_between_wide_letters_and_no_row_begins_with_a_comma()
    {
        var view = new ClientView(Utf8, []);
        view.Log.Add(new LogEntry(Noon, new ScreenText(), "一二三四，五六七八，九 abcdefg hijklmnopqrstuvwxyzabcdefghijk"));
        Assert.Equal(
            $"""
            {Time}   一二三
                  四，五六七八，
                  九 abcdefg
                  hijklmnopqrstu
                  vwxyzabcdefghi
                  jk
            """,
            Shown(view.Draw(20, 12), rows: 6));
    }

    [Fact]
    public void Who_has_scrolled_back_goes_on_seeing_the_same()
    {
        var view = new ClientView(Utf8, []);
        for (int i = 0; i < 100; i++)
            view.Log.Add(new LogEntry(Noon, new ScreenText(), $"line {i}"));
        view.Draw(60, 12);
        Press(view, KeyName.PageUp);
        string before = Shown(view.Draw(60, 12), rows: 10);
        Assert.StartsWith($"{Time}   line 81\n", before, StringComparison.Ordinal);
        view.Log.Add(new LogEntry(Noon, new ScreenText(), "news\nand more"));
        Assert.Equal(before, Shown(view.Draw(60, 12), rows: 10));
        Assert.Contains("more below", Shown(view.Draw(60, 12)), StringComparison.Ordinal);
        for (int i = 0; i < 50; i++)
            Press(view, KeyName.PageUp);
        Assert.StartsWith($"{Time}   line 0\n", Shown(view.Draw(60, 12)), StringComparison.Ordinal);
        Press(view, KeyName.PageDown);
        Assert.StartsWith($"{Time}   line 9\n", Shown(view.Draw(60, 12)), StringComparison.Ordinal);
        Press(view, KeyName.Enter);
        Assert.Contains("and more", Shown(view.Draw(60, 12)), StringComparison.Ordinal);
    }

    [Fact]
    public void Names_and_commands_are_completed()
    {
        var view = new ClientView(Utf8, ["/msg", "/me", "/who"]);
        view.ShowHere(["anna", "anton", "小明"], 3);
        Type(view, "/w\t");
        Assert.Equal("/who ", view.Line.Text);
        view.Line.Clear();
        Type(view, "/msg A\t");
        Assert.Equal("/msg an", view.Line.Text);
        Type(view, "t\thello");
        Assert.Equal("/msg anton hello", view.Line.Text);
        view.Line.Clear();
        Type(view, "@小\t");
        Assert.Equal("@小明 ", view.Line.Text);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20261121)]
    public void Every_frame_fits_its_terminal_whatever_was_said_and_typed(int seed)
    {
        var random = new Random(seed);
        OperatorView view = Operator();
        for (int round = 0; round < 400; round++)
        {
            string text = Text(random);
            view.Log.Add(Said(Text(random), Text(random), text, random.Next(2) == 0));
            view.Show(
                [.. Enumerable.Range(0, random.Next(12)).Select(i => Waits(i, Text(random), Text(random)))],
                [.. Enumerable.Range(0, random.Next(30)).Select(i => Present(Text(random), i % 2 == 0))]);
            Type(view, string.Concat(Text(random).Where(letter => letter >= ' ')));
            Press(view, (KeyName)random.Next((int)KeyName.Left, (int)KeyName.Clear));
            (int width, int height) = (random.Next(8, 130), random.Next(2, 50));
            Frame frame = view.Draw(width, height);
            Assert.Equal(height, frame.Rows.Count);
            Assert.All(frame.Rows, row => Assert.True(row.Width <= width && Cells.Of(row.ToString()) == row.Width, $"seed {seed}, round {round}: {row.Width} of {width}: {row}"));
            Assert.True(frame.CursorRow >= 0 && frame.CursorRow < height && frame.CursorColumn >= 0 && frame.CursorColumn < width, $"seed {seed}, round {round}");
        }
    }

    [Fact]
    public void Only_rows_that_changed_are_written_again()
    {
        var view = new ClientView(Utf8, []);
        var painter = new FramePainter(usesStyle: false);
        Assert.StartsWith("\e[?25l\e[H\e[2J", painter.Paint(view.Draw(60, 5), 60), StringComparison.Ordinal);
        Type(view, "ab");
        Assert.Equal("\e[?25l\e[5;1H> ab\e[K\e[5;5H\e[?25h", painter.Paint(view.Draw(60, 5), 60));
        Assert.Equal("\e[?25l\e[5;5H\e[?25h", painter.Paint(view.Draw(60, 5), 60));
        painter.Forget();
        Assert.StartsWith("\e[?25l\e[H\e[2J", painter.Paint(view.Draw(60, 5), 60), StringComparison.Ordinal);
    }

    private static OperatorView Operator() => new(Utf8, ["/say", "/mute", "/who"]);

    private static ChatMessage Waits(long id, string from, string text, bool isVerified = true) =>
        new() { Id = id, At = Noon, From = from, Text = text, To = ChatHub.Operator, IsVerified = isVerified };

    private static ChatParticipantInfo Present(string name, bool isVerified) => new(name, ChatTongue.Native, null, isVerified, null, Noon, Noon, [], 0, false);

    private static LogEntry Said(string from, string? address, string text, bool isVerified)
    {
        ScreenText head = new ScreenText().Add(from);
        if (address is not null)
            head.Add(" " + address);
        return new LogEntry(Noon, head.AddOwn($" {Utf8.Verdict(isVerified)}: "), text);
    }

    private static void Type(ChatView view, string text)
    {
        foreach (Rune letter in text.EnumerateRunes())
            view.Take(letter.Value == '\t' ? new Key(KeyName.Tab) : new Key(KeyName.Letter, letter));
    }

    private static void Press(ChatView view, KeyName key) => view.Take(new Key(key));

    private static string Shown(Frame frame, int? rows = null) => string.Join('\n', frame.Rows.Take(rows ?? int.MaxValue).Select(row => row.ToString().TrimEnd()));

    private static (int Row, int Column) Cursor(Frame frame) => (frame.CursorRow, frame.CursorColumn);

    private static string Text(Random random)
    {
        int[] letters = ['a', 'b', ' ', ' ', 'W', 'é', 0x301, '中', '文', 0x1F642, 0x200D, 0x202E, 0x1b, '\n', 0xFE0F, 0x9b, 0xFF21];
        return string.Concat(Enumerable.Range(0, random.Next(1, 60)).Select(_ => new Rune(letters[random.Next(letters.Length)]).ToString()));
    }
}
