package liveset

import (
	"encoding/json"
	"fmt"
)

// Error is why something was refused. Match it with errors.Is against the values below, or take it out with errors.As.
type Error struct {
	// Code is the stable number of the error; it means the same in every language and every version.
	Code int `json:"code"`
	// Message is for people: it names the field and its bound, or the holder and what to do instead.
	Message string `json:"message"`
	// Field is the path of the field at fault, as in "register.content.weight"; empty where no single field is.
	Field string `json:"field,omitzero"`
}

// Error returns the message.
func (e *Error) Error() string { return "liveset: " + e.Message }

// Is tells whether target has the same code.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Code == e.Code
}

// What a registry refuses.
var (
	// ErrInvalid: a field is out of its bounds, of the wrong type, missing, or unknown.
	ErrInvalid error = &Error{Code: 100, Message: "a field is not valid"}
	// ErrMalformed: the document is not JSON.
	ErrMalformed error = &Error{Code: 101, Message: "the document is not JSON"}
	// ErrUnknownLease: nobody holds this lease here. What to do: register again.
	ErrUnknownLease error = &Error{Code: 200, Message: "register again: no such lease or instance here"}
	// ErrUnknownInstance: no such instance, present or remembered.
	ErrUnknownInstance error = &Error{Code: 201, Message: "no such instance"}
	// ErrUnknownService: no such service.
	ErrUnknownService error = &Error{Code: 202, Message: "no such service"}
	// ErrUnknownSession: the session is closed, or was never open.
	ErrUnknownSession error = &Error{Code: 203, Message: "no such open session"}
	// ErrUnknownSubscription: the subscription is over, or never was.
	ErrUnknownSubscription error = &Error{Code: 204, Message: "no such subscription"}
	// ErrFenced: this life of the instance was ended on purpose. What to do: stop, or come back as a newer incarnation.
	ErrFenced error = &Error{Code: 300, Message: "stop: this incarnation was ended on purpose"}
	// ErrStale: a newer life of this instance is known; a late command of an older one never touches it.
	ErrStale error = &Error{Code: 301, Message: "stale: a newer incarnation is known"}
	// ErrNotOwner: the caller holds no lease on this instance; others do.
	ErrNotOwner error = &Error{Code: 302, Message: "not the owner of the instance"}
	// ErrOtherKind: the service is persistent and the instance is not, or the reverse.
	ErrOtherKind error = &Error{Code: 303, Message: "the service is of the other kind"}
	// ErrNotEmpty: a service that has instances is not taken away.
	ErrNotEmpty error = &Error{Code: 304, Message: "the service has instances"}
	// ErrLimitReached: a limit of the policy is reached. Beats, deregistrations and operator commands still go through.
	ErrLimitReached error = &Error{Code: 400, Message: "a limit of the policy is reached"}
	// ErrCorruptSnapshot: the snapshot is damaged, or no snapshot at all.
	ErrCorruptSnapshot error = &Error{Code: 500, Message: "snapshot: damaged, or no snapshot at all"}
	// ErrNewerSnapshot: the snapshot was made by a newer version.
	ErrNewerSnapshot error = &Error{Code: 501, Message: "snapshot: made by a newer version"}
	// ErrClosed: the registry is closed.
	ErrClosed error = &Error{Code: codeClosed, Message: "the registry is closed"}
	// ErrPoisoned: the core failed inside this registry, which is a bug of liveset; the registry can only be closed.
	ErrPoisoned error = &Error{Code: codePoisoned, Message: "a call failed inside this registry; it can only be closed"}
	// ErrNoRoom: what is handed in or out is larger than the engine's memory.
	ErrNoRoom error = &Error{Code: codeTooSmall, Message: "the engine's memory is too small for this"}
	// ErrOutOfRange: a moment before the host's zero, or 2^53 ms or more after it.
	ErrOutOfRange error = &Error{Code: codeOutOfRange, Message: "a moment is out of its range"}
)

// The statuses of the C ABI itself that can be met here. Below 600 a status is the code of an error of the core.
const (
	codeOK         = 0
	codeClosed     = 600
	codePoisoned   = 602
	codeTooSmall   = 604
	codeOutOfRange = 605
)

// never is the next deadline where none is pending.
const never = ^uint64(0)

// errorOf is the error of a status that comes without a document.
func errorOf(code int32) error {
	if code == codeOK {
		return nil
	}
	for _, known := range []error{ErrUnknownLease, ErrUnknownService, ErrClosed, ErrPoisoned, ErrNoRoom, ErrOutOfRange} {
		if known.(*Error).Code == int(code) {
			return known
		}
	}
	return &Error{Code: int(code), Message: fmt.Sprintf("status %d", code)}
}

// invalid is an error that this package finds before it asks the core, in the core's words.
func invalid(field, problem string) error {
	return &Error{Code: 100, Message: field + ": " + problem, Field: field}
}

// readAnswer takes the outcome or the error out of an answer document.
func readAnswer(answer []byte, code int32) (json.RawMessage, error) {
	if len(answer) == 0 {
		return nil, errorOf(code)
	}
	var read struct {
		OK    json.RawMessage
		Error *Error
	}
	if err := json.Unmarshal(answer, &read); err != nil {
		return nil, fmt.Errorf("liveset: the engine's answer cannot be read: %w", err)
	}
	if read.Error != nil {
		return nil, read.Error
	}
	return read.OK, nil
}
