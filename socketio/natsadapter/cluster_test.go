package natsadapter

// This file tests servers with each other, through a real NATS server: what is to be true of every cluster stands in clustertest.

import (
	"testing"

	"github.com/seed-d69ae1b7/websocket/socketio/internal/clustertest"
)

func TestOperations(t *testing.T)     { each(clustertest.Operations)(t) }
func TestJoinedReaches(t *testing.T)  { each(clustertest.JoinedReaches)(t) }
func TestOrder(t *testing.T)          { each(clustertest.Order)(t) }
func TestRestart(t *testing.T)        { each(clustertest.Restart)(t) }
func TestStopped(t *testing.T)        { each(clustertest.Stopped)(t) }
func TestStoppedForLong(t *testing.T) { each(clustertest.StoppedForLong)(t) }
func TestHangs(t *testing.T)          { each(clustertest.Hangs)(t) }
func TestFlush(t *testing.T)          { each(clustertest.Flush)(t) }
func TestBorrowed(t *testing.T)       { each(clustertest.Borrowed)(t) }

func TestModel(t *testing.T)           { each(clustertest.ModelOfOurs)(t) }
func TestBeforeTheBroker(t *testing.T) { each(clustertest.BeforeTheBroker)(t) }
func TestCutOff(t *testing.T)          { each(clustertest.CutOff)(t) }
func TestNothingIsMissed(t *testing.T) {
	each(clustertest.NothingIsMissed, "jetstream", "recovering")(t)
}
func TestCloseWithoutBroker(t *testing.T) { each(clustertest.CloseWithoutBroker)(t) }
func TestCloseInTheMiddle(t *testing.T)   { each(clustertest.CloseInTheMiddle)(t) }

func TestRecovery(t *testing.T)            { each(clustertest.Recovery, "recovering")(t) }
func TestShutDown(t *testing.T)            { each(clustertest.ShutDown, "recovering")(t) }
func TestNoRecovery(t *testing.T)          { each(clustertest.NoRecovery, "recovering")(t) }
func TestBeforeTheFirstEvent(t *testing.T) { each(clustertest.BeforeTheFirstEvent, "recovering")(t) }

func TestOneWay(t *testing.T)       { each(clustertest.OneWay, "core", "recovering")(t) }
func TestKilled(t *testing.T)       { each(clustertest.Killed)(t) }
func TestSurvivesKill(t *testing.T) { each(clustertest.SurvivesKill, "recovering")(t) }
func TestElsewhere(t *testing.T)    { each(clustertest.Elsewhere, "recovering")(t) }
