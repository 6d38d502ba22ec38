using System.Buffers;

namespace Dialtone.Chat;

// line      = *( OCTET / IAC ) ( LF / CR LF / CR NUL )        ; LF alone as nc sends it
// IAC       = %xFF ( %xFF                                     ; the octet 255 itself
//                  / ( WILL / WONT / DO / DONT ) option       ; %xFB-FE; WILL and DO are refused
//                  / SB *OCTET %xFF SE                        ; %xFA … %xF0; skipped
//                  / OCTET )                                  ; any other command; skipped
/// <summary>Takes lines out of what telnet (RFC 854) and <c>nc</c> send. Pure: bytes in, lines and answers out.</summary>
internal sealed class TelnetReader(int maxLineBytes)
{
    private const byte Se = 0xF0, Sb = 0xFA, Will = 0xFB, Wont = 0xFC, Do = 0xFD, Dont = 0xFE, Iac = 0xFF;

    private readonly byte[] _line = new byte[maxLineBytes];
    private State _state;
    private byte _command;
    private int _length;
    private bool _isDone; // the line was given out

    private enum State
    {
        Text,
        Return,           // after CR
        Command,          // after IAC
        Option,           // after IAC WILL and its kin
        Subnegotiation,   // after IAC SB
        SubnegotiationCommand,
    }

    /// <summary>Whether the line was longer than the maximum: <see cref="Line"/> is its beginning.</summary>
    public bool IsTooLong { get; private set; }

    /// <summary>The line last completed, or what has come of the next one; until the next call.</summary>
    public ReadOnlySpan<byte> Line => _line.AsSpan(0, _length);

    /// <summary>Whether something has come of a line whose end has not.</summary>
    public bool HasPart => !_isDone && _length > 0;

    /// <summary>Takes bytes up to the end of a line.</summary>
    /// <param name="input">Moved past what was taken.</param>
    /// <param name="answers">Gets refusals of options.</param>
    /// <returns>Whether a line is there.</returns>
    public bool TryRead(ref ReadOnlySpan<byte> input, IBufferWriter<byte> answers)
    {
        if (_isDone)
            (_length, IsTooLong, _isDone) = (0, false, false);
        while (input.Length > 0)
        {
            byte value = input[0];
            input = input[1..];
            if (Take(value, answers))
                return _isDone = true;
        }

        return false;
    }

    private bool Take(byte value, IBufferWriter<byte> answers)
    {
        switch (_state)
        {
            case State.Command:
                _state = value switch { Sb => State.Subnegotiation, Will or Wont or Do or Dont => State.Option, _ => State.Text };
                _command = value;
                if (value == Iac)
                    Add(value);
                return false;
            case State.Option:
                _state = State.Text;
                if (_command is Will or Do)
                    answers.Write([Iac, _command == Will ? Dont : Wont, value]);
                return false;
            case State.Subnegotiation:
                _state = value == Iac ? State.SubnegotiationCommand : State.Subnegotiation;
                return false;
            case State.SubnegotiationCommand:
                _state = value == Se ? State.Text : State.Subnegotiation;
                return false;
            case State.Return when value is (byte)'\n' or 0:
                _state = State.Text;
                return true;
            case State.Return:
                _state = State.Text;
                Add((byte)'\r');
                break;
        }

        switch (value)
        {
            case Iac:
                _state = State.Command;
                return false;
            case (byte)'\r':
                _state = State.Return;
                return false;
            case (byte)'\n':
                return true;
            default:
                Add(value);
                return false;
        }
    }

    private void Add(byte value)
    {
        if (_length < _line.Length)
            _line[_length++] = value;
        else
            IsTooLong = true;
    }
}
