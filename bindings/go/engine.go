package liveset

// engine is one registry behind the C ABI, in the shape that Go wants: what comes out is Go's own memory. One goroutine at a time is
// inside. A code is a status of the ABI; the functions that make an engine or play a scenario are openEngine, restoreEngine and play,
// one set of them for each build.
type engine interface {
	beat(now, lease uint64) int32
	beatMany(now uint64, leases []LeaseID) (stale []LeaseID, code int32)
	advance(now uint64) int32
	nextDeadline() (deadline uint64, code int32)
	poll(limit int) ([]Notice, int32)
	changes(service, since uint64) (Changes, int32)
	digest() (uint64, int32)
	// apply and ask return the answer document, refused or not; none where the code is the boundary's.
	apply(now uint64, command []byte) (answer []byte, code int32)
	ask(question []byte) (answer []byte, code int32)
	snapshot() ([]byte, int32)
	close() int32
}

// abiMajor is the version of the C ABI that this package is written for.
const abiMajor = 1

// firstRoom is the size that buffers for documents and rows begin with. They grow as they must.
const firstRoom = 4096

// closedEngine stands where an engine was.
type closedEngine struct{}

func (closedEngine) beat(uint64, uint64) int32                     { return codeClosed }
func (closedEngine) beatMany(uint64, []LeaseID) ([]LeaseID, int32) { return nil, codeClosed }
func (closedEngine) advance(uint64) int32                          { return codeClosed }
func (closedEngine) nextDeadline() (uint64, int32)                 { return never, codeClosed }
func (closedEngine) poll(int) ([]Notice, int32)                    { return nil, codeClosed }
func (closedEngine) changes(uint64, uint64) (Changes, int32)       { return Changes{}, codeClosed }
func (closedEngine) digest() (uint64, int32)                       { return 0, codeClosed }
func (closedEngine) apply(uint64, []byte) ([]byte, int32)          { return nil, codeClosed }
func (closedEngine) ask([]byte) ([]byte, int32)                    { return nil, codeClosed }
func (closedEngine) snapshot() ([]byte, int32)                     { return nil, codeClosed }
func (closedEngine) close() int32                                  { return codeClosed }
