//go:build !liveset_cgo

package liveset

import (
	"context"
	_ "embed"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"runtime"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

//go:embed engine.wasm
var engineBytes []byte

// host is what all registries of a process share: the compiled module. Compiling takes some hundred times as long as a new registry.
type host struct {
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
}

var theHost = sync.OnceValues(func() (*host, error) {
	shared := wazero.NewRuntime(context.Background())
	everyCore := experimental.WithCompilationWorkers(context.Background(), runtime.GOMAXPROCS(0))
	compiled, err := shared.CompileModule(everyCore, engineBytes)
	return &host{shared, compiled}, err
})

// region is a span of the module's memory that this side fills or reads.
type region struct{ at, size uint32 }

// wasmEngine is a registry in a WebAssembly instance of its own, so that registries share no memory and need no common lock.
type wasmEngine struct {
	module api.Module
	memory api.Memory
	handle uint64
	calls  map[string]api.Function
	// What happens per beat does not look its function up.
	beatCall, beatManyCall api.Function
	stack                  [8]uint64
	// Where calls write numbers, where documents and ids go in, and where documents and rows come out.
	numbers, input, output region
	broken                 bool
}

func openEngine(policy []byte, seed [2]uint64) (engine, []byte, int32) {
	return makeWasm("liveset_open", policy, seed)
}

func restoreEngine(snapshot []byte, seed [2]uint64) (engine, []byte, int32) {
	return makeWasm("liveset_restore", snapshot, seed)
}

func makeWasm(call string, document []byte, seed [2]uint64) (engine, []byte, int32) {
	made, code := newInstance()
	if code != codeOK {
		return nil, nil, code
	}
	if code := made.put(document); code != codeOK {
		made.close()
		return nil, nil, code
	}
	for {
		handle, length := made.numbers.at, made.numbers.at+8
		code := made.call(made.calls[call], uint64(made.input.at), uint64(len(document)), seed[0], seed[1],
			uint64(handle), uint64(made.output.at), uint64(made.output.size), uint64(length))
		if code == codeOK {
			made.handle = made.number(0)
			return made, nil, codeOK
		}
		needed := uint32(made.number(1))
		if needed > made.output.size {
			if code = made.grow(&made.output, needed); code == codeOK {
				continue
			}
		}
		refused := made.take(needed)
		made.close()
		return nil, refused, code
	}
}

func play(scenario []byte) ([]byte, int32) {
	world, code := newInstance()
	if code != codeOK {
		return nil, code
	}
	defer world.close()
	if code := world.put(scenario); code != codeOK {
		return nil, code
	}
	for {
		code := world.call(world.calls["liveset_play"], uint64(world.input.at), uint64(len(scenario)),
			uint64(world.output.at), uint64(world.output.size), uint64(world.numbers.at))
		if code == codeOK {
			return world.take(uint32(world.number(0))), codeOK
		}
		if code == codeTooSmall {
			code = world.grow(&world.output, uint32(world.number(0)))
		}
		if code != codeOK {
			return nil, code
		}
	}
}

// newInstance makes an instance of the module with room for small calls. It panics where the embedded module is not the one that
// this package was written for, since no program can go on from there.
func newInstance() (*wasmEngine, int32) {
	shared, err := theHost()
	if err != nil {
		panic(fmt.Sprintf("liveset: the embedded engine cannot be compiled: %v", err))
	}
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions()
	module, err := shared.runtime.InstantiateModule(context.Background(), shared.compiled, config)
	if err != nil {
		return nil, codeTooSmall
	}
	made := &wasmEngine{module: module, memory: module.Memory(), calls: make(map[string]api.Function)}
	for name := range shared.compiled.ExportedFunctions() {
		made.calls[name] = module.ExportedFunction(name)
	}
	made.beatCall, made.beatManyCall = made.calls["liveset_beat"], made.calls["liveset_beat_many"]
	if version := uint32(made.call(made.calls["liveset_abi_version"])); version>>16 != abiMajor {
		panic(fmt.Sprintf("liveset: the embedded engine has version %d of the C ABI, not %d", version>>16, abiMajor))
	}
	for _, room := range []*region{&made.numbers, &made.input, &made.output} {
		if code := made.grow(room, firstRoom); code != codeOK {
			made.close()
			return nil, code
		}
	}
	return made, codeOK
}

// call calls into the module. A trap is where the native library would have caught a panic: nothing in this instance can be trusted
// any more.
func (e *wasmEngine) call(function api.Function, arguments ...uint64) int32 {
	if e.broken {
		return codePoisoned
	}
	copy(e.stack[:], arguments)
	if err := function.CallWithStack(context.Background(), e.stack[:]); err != nil {
		e.broken = true
		return codePoisoned
	}
	return int32(uint32(e.stack[0]))
}

func (e *wasmEngine) beat(now, lease uint64) int32 { return e.call(e.beatCall, e.handle, now, lease) }

func (e *wasmEngine) beatMany(now uint64, leases []LeaseID) ([]LeaseID, int32) {
	if len(leases) > math.MaxInt32/8 {
		return nil, codeTooSmall
	}
	for _, room := range []*region{&e.input, &e.output} {
		if code := e.grow(room, uint32(len(leases)*8)); code != codeOK {
			return nil, code
		}
	}
	ids := e.view(e.input)
	for place, lease := range leases {
		binary.LittleEndian.PutUint64(ids[place*8:], uint64(lease))
	}
	code := e.call(e.beatManyCall, e.handle, now, uint64(e.input.at), uint64(len(leases)),
		uint64(e.output.at), uint64(len(leases)), uint64(e.numbers.at))
	if code != codeOK {
		return nil, code
	}
	found := e.view(e.output)[:8*uint32(e.number(0))]
	if len(found) == 0 {
		return nil, codeOK
	}
	stale := make([]LeaseID, len(found)/8)
	for place := range stale {
		stale[place] = LeaseID(binary.LittleEndian.Uint64(found[place*8:]))
	}
	return stale, codeOK
}

func (e *wasmEngine) advance(now uint64) int32 {
	return e.call(e.calls["liveset_advance"], e.handle, now)
}

func (e *wasmEngine) nextDeadline() (uint64, int32) {
	code := e.call(e.calls["liveset_next_deadline"], e.handle, uint64(e.numbers.at))
	return e.number(0), code
}

// Widths of rows in the module's memory: a notice is four numbers; a change is two, and two halves; over changes stand two numbers
// and two halves.
const (
	noticeWidth = 32
	changeWidth = 24
)

func (e *wasmEngine) poll(limit int) ([]Notice, int32) {
	if code := e.grow(&e.output, firstRoom); code != codeOK {
		return nil, code
	}
	var notices []Notice
	for len(notices) < limit {
		wanted := min(limit-len(notices), int(e.output.size)/noticeWidth)
		code := e.call(e.calls["liveset_poll"], e.handle, uint64(e.output.at), uint64(wanted), uint64(e.numbers.at))
		if code != codeOK {
			return nil, code
		}
		count, rows := int(uint32(e.number(0))), e.view(e.output)
		for place := range count {
			row := rows[place*noticeWidth:]
			number := func(column int) uint64 { return binary.LittleEndian.Uint64(row[column*8:]) }
			notices = append(notices, noticeOf(number(0), number(1), number(2), number(3)))
		}
		if count < wanted {
			break
		}
	}
	return notices, codeOK
}

func (e *wasmEngine) changes(service, since uint64) (Changes, int32) {
	for {
		code := e.call(e.calls["liveset_changes"], e.handle, service, since,
			uint64(e.output.at), uint64(e.output.size/changeWidth), uint64(e.numbers.at))
		if code == codeTooSmall && e.number(1) <= math.MaxInt32/changeWidth {
			if code = e.grow(&e.output, uint32(e.number(1))*changeWidth); code == codeOK {
				continue
			}
		}
		if code != codeOK {
			return Changes{}, code
		}
		break
	}
	head, rows := e.view(e.numbers), e.view(e.output)
	changes := Changes{
		Revision:  e.number(0),
		Full:      binary.LittleEndian.Uint32(head[16:]) != 0,
		Protected: binary.LittleEndian.Uint32(head[20:]) != 0,
		Rows:      make([]Change, e.number(1)),
	}
	for place := range changes.Rows {
		row := rows[place*changeWidth:]
		changes.Rows[place] = Change{
			Instance: InstanceID(binary.LittleEndian.Uint64(row)),
			Revision: binary.LittleEndian.Uint64(row[8:]),
			State:    State(binary.LittleEndian.Uint32(row[16:])),
			Cause:    Cause(binary.LittleEndian.Uint32(row[20:])),
		}
	}
	return changes, codeOK
}

func (e *wasmEngine) digest() (uint64, int32) {
	code := e.call(e.calls["liveset_digest"], e.handle, uint64(e.numbers.at))
	return e.number(0), code
}

func (e *wasmEngine) apply(now uint64, command []byte) ([]byte, int32) {
	if code := e.put(command); code != codeOK {
		return nil, code
	}
	return e.answer(e.call(e.calls["liveset_apply"], e.handle, now, uint64(e.input.at), uint64(len(command))))
}

func (e *wasmEngine) ask(question []byte) ([]byte, int32) {
	if code := e.put(question); code != codeOK {
		return nil, code
	}
	return e.answer(e.call(e.calls["liveset_ask"], e.handle, uint64(e.input.at), uint64(len(question))))
}

func (e *wasmEngine) snapshot() ([]byte, int32) {
	return e.answer(e.call(e.calls["liveset_snapshot"], e.handle))
}

func (e *wasmEngine) close() int32 {
	// The instance is the registry's own, so that giving it back gives everything back.
	if err := e.module.Close(context.Background()); err != nil {
		return codePoisoned
	}
	return codeOK
}

// answer reads what a call left with the registry. A status of the boundary itself leaves nothing.
func (e *wasmEngine) answer(code int32) ([]byte, int32) {
	if code >= codeClosed {
		return nil, code
	}
	for {
		read := e.call(e.calls["liveset_reply"], e.handle, uint64(e.output.at), uint64(e.output.size), uint64(e.numbers.at))
		length := uint32(e.number(0))
		if read == codeOK {
			return e.take(length), code
		}
		if read == codeTooSmall {
			read = e.grow(&e.output, length)
		}
		if read != codeOK {
			return nil, read
		}
	}
}

// put writes a document to where calls read it.
func (e *wasmEngine) put(document []byte) int32 {
	if len(document) > math.MaxInt32 {
		return codeTooSmall
	}
	if code := e.grow(&e.input, uint32(len(document))); code != codeOK {
		return code
	}
	copy(e.view(e.input), document)
	return codeOK
}

// take copies a document out of where calls write it.
func (e *wasmEngine) take(length uint32) []byte {
	return append([]byte(nil), e.view(e.output)[:length]...)
}

// grow makes a region at least so large; what it held is lost.
func (e *wasmEngine) grow(room *region, size uint32) int32 {
	if room.size >= size {
		return codeOK
	}
	if e.broken {
		return codePoisoned
	}
	// A power of two, so that growing documents do not move at every call.
	size = 1 << bits.Len32(size-1)
	e.stack[0], e.stack[1] = uint64(room.at), uint64(room.size)
	if err := e.calls["liveset_free"].CallWithStack(context.Background(), e.stack[:]); err != nil {
		e.broken = true
		return codePoisoned
	}
	*room = region{}
	at := uint32(e.call(e.calls["liveset_alloc"], uint64(size)))
	if e.broken {
		return codePoisoned
	}
	if at == 0 {
		return codeTooSmall
	}
	*room = region{at, size}
	return codeOK
}

// view is a region as it lies in the module's memory, until the next call: the memory moves when it grows.
func (e *wasmEngine) view(room region) []byte {
	bytes, _ := e.memory.Read(room.at, room.size)
	return bytes
}

// number is one of the numbers that a call wrote.
func (e *wasmEngine) number(place uint32) uint64 {
	value, _ := e.memory.ReadUint64Le(e.numbers.at + 8*place)
	return value
}
